"""What simulated people, posts and browsers are called and say: pools to draw from, none of them a real person."""

FIRST_NAMES: dict[str, tuple[str, ...]] = {
    "US": ("Brianna", "Alex", "Marcus", "Savannah", "Tyrell", "Maya", "Dylan", "Jocelyn", "Andre", "Paige"),
    "DE": ("Lena", "Jonas", "Mila", "Finn", "Annika", "Emre", "Clara", "Moritz", "Svenja", "Luca"),
    "JP": ("Kenji", "Yuna", "Haruto", "Sakura", "Riku", "Mei", "Sota", "Aoi", "Ren", "Hina"),
    "KW": ("Dana", "Faisal", "Noura", "Yousef", "Hessa", "Bader", "Latifa", "Omar", "Shaikha", "Salem"),
    "GB": ("Imogen", "Callum", "Priya", "Rhys", "Freya", "Kofi", "Isla", "Tariq", "Poppy", "Owen"),
    "BR": ("Beatriz", "Caio", "Larissa", "Thiago", "Luana", "Rafael", "Camila", "Davi", "Yara", "Enzo"),
}
LAST_NAMES: dict[str, tuple[str, ...]] = {
    "US": ("Calloway", "Reyes", "Okafor", "Whitlock", "Tran"),
    "DE": ("Brandt", "Yildiz", "Krämer", "Vogt", "Lindner"),
    "JP": ("Morikawa", "Tachibana", "Ogata", "Kuroda", "Hoshino"),
    "KW": ("Al-Mutawa", "Al-Rashed", "Behbehani", "Al-Enezi", "Al-Sabti"),
    "GB": ("Ashworth", "Mensah", "Pritchard", "Lakhani", "Doyle"),
    "BR": ("Figueira", "Nogueira", "Tavares", "Brandão", "Queiroz"),
}
NICHES = ("bakes", "trails", "glow", "plays", "reads", "fits", "travels", "cooks", "runs", "crafts", "sounds", "homes")
HANDLE_SHAPES = (
    "@{first}.{niche}",
    "@{first}_{niche}",
    "@the{first}edit",
    "@{niche}with{first}",
    "@{first}{niche}{year}",
)

CONTENT_TYPES: dict[str, tuple[str, ...]] = {
    "instagram": ("reel", "story", "post"),
    "tiktok": ("short", "video"),
    "youtube": ("video", "short"),
    "twitch": ("stream",),
    "blog": ("article",),
    "podcast": ("episode",),
}
PLATFORMS = tuple(CONTENT_TYPES)
REFERRERS = {
    "instagram": "https://l.instagram.com/",
    "tiktok": "https://www.tiktok.com/",
    "youtube": "https://www.youtube.com/",
    "twitch": "https://www.twitch.tv/",
    "blog": "https://notebook.example/2026/favourites",
    "podcast": None,
}
SURVEY_ANSWERS_THAT_NAME = (
    "{handle}",
    "{name} on {platform}",
    "saw {handle} use it",
    "{name}",
    "the code of {name}",
)
SURVEY_ANSWERS = (
    "Instagram",
    "a friend told me",
    "TikTok video, the one with the dog",
    "Podcast",
    "Google",
    "I have been a customer for years",
    'saw the "morning routine" on YouTube',
)
SURVEY_ANSWER_WITH_ADDRESS = "my sister, write to her: jo.fields@mail.example"

_SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_PIXEL = "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)"
_GALAXY = "Mozilla/5.0 (Linux; Android 14; SM-S921B Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko)"
_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
BROWSERS = (
    f"{_SAFARI} Version/18.3 Mobile/15E148 Safari/604.1",
    f"{_SAFARI} Mobile/22D72 Instagram 370.0.0.26.81 (iPhone15,2; iOS 18_3; en_US; en; scale=3.00; 1179x2556)",
    f"{_SAFARI} Mobile/22D72 musical_ly_38.6.0 JsSdk/2.0 NetType/WIFI Channel/App Store ByteLocale/en",
    f"{_SAFARI} CriOS/133.0.6943.120 Mobile/15E148 Safari/604.1",
    f"{_PIXEL} Chrome/133.0.0.0 Mobile Safari/537.36",
    f"{_GALAXY} Version/4.0 Chrome/133.0.6943.49 Mobile Safari/537.36 Instagram 369.0.0.46.101 Android",
    f"{_WINDOWS} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36",
    f"{_WINDOWS} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36 Edg/133.0.0.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:135.0) Gecko/20100101 Firefox/135.0",
    f"{_MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.2 Safari/605.1.15",
    f"{_MAC} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:134.0) Gecko/20100101 Firefox/134.0",
)
CRAWLERS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "TelegramBot (like TwitterBot)",
    "WhatsApp/2.24.20.89 A",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "python-requests/2.32.3",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
)
UNTRACKED_URLS = (
    "https://shop.example/",
    "https://shop.example/new-in?utm_source=newsletter&utm_medium=email&utm_campaign=weekly",
    "https://shop.example/sale?utm_source=google&utm_medium=cpc&utm_campaign=brand&gclid=Cj0KCQ",
    "https://shop.example/product/482?ref=home#reviews",
    "https://shop.example/product/117?utm_source=instagram&utm_medium=influencer&utm_campaign=spring&utm_content=",
    "https://shop.example/account?email=jo.fields%40mail.example",
)
COUPON_SITE_CODES = (
    "WELCOME10",
    "SUMMER5",
    "FREESHIP",
    "STUDENT15",
    "TAKE20NOW",
)  # no code of ours: anybody tries them
