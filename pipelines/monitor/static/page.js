// The page while it is open: whether the connection lives, the pause button, and which numbers have just changed.
"use strict";

(() => {
  const SILENCE = 12_000; // milliseconds without a word from the server: the connection is lost
  const REST = 20_000; // milliseconds out of sight: a browser has few connections to one host for all its tabs
  const PATIENCE = 4_000; // milliseconds without a connection
  const held = new Map(); // what came while the page was paused: the newest of each part
  let heard = Date.now(); // when the server last said anything
  let source = null;
  let paused = false;
  let resting = false;
  let hidden = 0;

  const by_id = (id) => document.getElementById(id);
  const as_of = () => by_id("as-of")?.textContent.trim() ?? "an unknown time";

  function tell(text, kind = "") {
    const place = by_id("connection");
    if (!place || (place.textContent === text && place.className === kind)) return;
    place.className = kind;
    place.textContent = text;
  }

  function look() {
    const silence = Date.now() - heard;
    const lost = silence > (source?.readyState === EventSource.OPEN ? SILENCE : PATIENCE);
    if (resting) tell(`Not in sight for a while: numbers as of ${as_of()}. Getting the newest.`, "paused");
    else if (lost) tell(`Connection lost: numbers as of ${as_of()}. Trying again.`);
    else if (paused) tell(`Paused: numbers as of ${as_of()}.`, "paused");
    else tell("");
  }

  function listen(opened) {
    heard = Date.now();
    if (source !== opened) {
      source = opened;
      opened.addEventListener("beat", () => {
        heard = Date.now();
        look();
      });
      opened.addEventListener("gone", () => location.reload());
    }
    look();
  }

  function rest() {
    resting = true;
    source?.close();
    look();
  }

  function wake() {
    const way = { target: "#live", select: "#live", swap: "outerHTML show:none" };
    if (resting) htmx.ajax("GET", location.pathname + location.search, way);
  }

  function figures() {
    return new Map([...document.querySelectorAll("[data-figure]")].map((one) => [one.id, one.textContent]));
  }

  let before = new Map();
  function mark() {
    for (const one of document.querySelectorAll("[data-figure]")) {
      if (before.has(one.id) && before.get(one.id) !== one.textContent) {
        one.classList.remove("changed");
        void one.offsetWidth; // begins the animation anew
        one.classList.add("changed");
      }
    }
    before = figures();
  }

  function show_pause() {
    const button = by_id("pause");
    if (!button) return;
    button.hidden = false;
    button.setAttribute("aria-pressed", String(paused));
    button.textContent = paused ? "Go on" : "Pause";
  }

  function go_on() {
    for (const [id, html] of held) {
      const part = by_id(id);
      if (part) htmx.swap(part, html, { swapStyle: "innerHTML" });
    }
    held.clear();
    course.refresh();
    mark();
  }

  document.addEventListener("click", (event) => {
    if (event.target.id !== "pause") return;
    paused = !paused;
    show_pause();
    if (!paused) go_on();
    look();
  });

  document.addEventListener("visibilitychange", () => {
    clearTimeout(hidden);
    if (document.hidden) hidden = setTimeout(rest, REST);
    else wake();
  });
  document.addEventListener("htmx:sendError", () => setTimeout(wake, PATIENCE));
  document.addEventListener("htmx:sseOpen", (event) => listen(event.detail.source));
  document.addEventListener("htmx:sseError", look);
  document.addEventListener("htmx:sseBeforeMessage", (event) => {
    heard = Date.now();
    const part = event.target.id;
    if (paused && part !== "stream" && part !== "alarm") {
      held.set(part, event.detail.data);
      event.preventDefault();
    }
  });
  document.addEventListener("htmx:sseMessage", (event) => {
    if (event.target.id === "course") course.refresh();
    if (event.target.id === "now") mark();
    look();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "live") return; // another view of the page was put in
    resting = false;
    heard = Date.now();
    held.clear();
    show_pause();
    course.refresh(true);
    before = figures();
    look();
  });

  show_pause();
  course.refresh();
  before = figures();
  setInterval(look, 1000);
})();
