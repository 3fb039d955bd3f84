"""Agents: which say by themselves that no person's browser sent them, though no list has them yet."""

import re

PROGRAM = r"""
    (?<![a-z])(?:curl|wget|axios|guzzle|aiohttp|httpx|puppeteer|playwright|selenium|cypress|phantomjs|undici)(?![a-z])
  | python | libwww | go-http | node\.?js | node-fetch | urllib | https?[-_ ]?client | headless | wkhtml
  | ^(?:java|perl|ruby|php|okhttp|node|got)(?![a-z])
"""
"""Libraries and tools that fetch pages for other programs."""
TASK = r"""
    (?<!cu)bot(?:s?(?![a-z])|[_-]) | robot | crawl | spider | scrap(?:e|ing|y) | harvest | extract | archiv | lookup
  | index(?:er|ing) | preview | thumbnail | screenshot | prerender | fetch | transcod | (?:mail|image|img)-?proxy
  | feed | rss(?![a-z]) | link\ ?(?:expand|check) | monitor | observatory | uptime | pinger | check(?:er|s)?(?![a-z])
  | validat | verifi | inspect | prob(?:e|ing)(?![a-z]) | audit | scann | scans?(?![a-z]) | detector | analy[sz]er
  | measurement | research | survey | synthetic | tester | google- | -google | search\ ?(?:console|engine)
"""
"""What a program says that it does: no browser is named after such a task."""
ADDRESS = r""":// | www\. | mailto: | @[a-z0-9-]+\.[a-z] | [a-z0-9]\.(?:com|net|org|io)(?![a-z.])"""
"""Where its owner may be asked: a page, a domain, an e-mail address. Browsers name none."""
BROWSER = r"""
    ^[^a-z]*mozilla[^a-z(]*(?:$|\((?!compatible;)) | ^(?!.*[a-z]{4}) | gecko/ | rv: | safari | chrom(?:e|ium)/ | firefox
  | opera | msie | trident | konqueror | browser | netfront | up\. | wap[- /] | midp | obigo | teleca | galio | dillo
  | ^links\  | lynx | w3m | hotjava | charon | explorer | omniweb | iceweasel | lunascape | sleipnir | netpositive
  | blazer | frontpage | toolbar | player
  | windows | win(?:nt|9|10|32|64) | macintosh | mac\ ?os | linux | x11 | bsd | sunos | cros | amiga | beos | haiku
  | risc\ os | android | dalvik | iphone | ipad | ipod | iph\d | ios(?![a-z]) | tvos | cfnetwork | darwin | fbav
  | watch(?:\ ?os|\d) | blackberry | bb10 | symb(?:ian|os) | series\ ?\d0 | palm | tizen | bada | brew | web0?os | kaios
  | harmony | maui | phone | mobile | tablet | touch | desktop | (?<![a-z])tv(?![a-z]) | smarttv | hbbtv | appletv | dtv
  | ce-html | opentv | set-?top | netcast | roku | hybridcast | amazon; | kindle | silk | playstation | nintendo | xbox
  | wii | nokia | samsung | sony | sharp | philips | panasonic | toshiba | hisense | vestel | grundig | loewe | humax
  | huawei | xiaomi | lenovo | alcatel | ericsson | siemens | motorola | sagem | (?:sie|lge?|mot|sec|sgh|gt|htc|zte)-
  | sonos | docomo | kddi | (?<![a-z])[a-z]{1,4}[-_\ ]?\d{3}
"""
"""What the agents of browsers, of apps and of the devices that people hold are made of: engines, systems and makers.

A Mozilla that says no more, and a text without a word, are what privacy tools leave of one.
"""
DEVICE = re.compile(r"android[^;()]{0,20};(?:\s?[a-z]{2}[-_][a-z]{2};)?[^;()]{1,60}")
"""Where an Android phone has the name that its maker chose, which may be any word: CUBOT, Spider 8, M bot 60."""
MARKS = re.compile(f"{PROGRAM} | {TASK} | {ADDRESS}", re.VERBOSE)
FORM = re.compile(BROWSER, re.VERBOSE)


def is_programs_agent(user_agent: str) -> bool:
    """Whether an agent names a program, its task or its owner's address, or nothing that a browser or device would."""
    words = user_agent.lower()
    return FORM.search(words) is None or MARKS.search(DEVICE.sub("android;", words)) is not None
