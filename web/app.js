/** The chat page: shows the conversation and sends what the parent writes. */

/** @typedef {{title: string, payload: string}} QuickReply */
/** @typedef {{kind: string, text: string, buttons: QuickReply[]}} Reply */
/** @typedef {{id: string, message: string, bubble: HTMLElement}} Turn  What the parent said once. */

const TIMEOUT = 15_000; // milliseconds
const STORED_AS = "b12-companion-session";
const UNREACHABLE = "I cannot reach the clinic's server. Please check your connection and try again.";
const TOO_SLOW = "That took too long. Please try again.";
const BROKEN = "Something went wrong on our side. Please try again.";

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const [log, notice, progress] = ["log", "alert", "status"].map(byId);
const field = /** @type {HTMLTextAreaElement} */ (byId("message"));

let busy = false;
/** Regular expressions for the clinic's phone numbers. @type {string[]} */
let phonePatterns = [];

// ---- Talking to the server ----------------------------------------------------------------------

let token = "";
try {
  token = localStorage.getItem(STORED_AS) ?? "";
} catch { /* Storage is forbidden, as in some private windows: the session ends with the page. */ }

/** @param {string} newToken An empty one is forgotten. */
function keepToken(newToken) {
  token = newToken;
  try {
    if (token) localStorage.setItem(STORED_AS, token);
    else localStorage.removeItem(STORED_AS);
  } catch { /* as above */ }
}

/**
 * Calls the server.
 * @param {string} name
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 * @throws {Error & {status?: number}} Its message is a sentence for the parent.
 */
async function call(name, options) {
  const timer = new AbortController();
  const timeout = setTimeout(() => timer.abort(), TIMEOUT);
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  try {
    const response = await fetch(`/webhooks/web/${name}`, { ...options, headers, signal: timer.signal });
    const answer = await response.json().catch(() => null); // a proxy in between may answer in HTML
    if (response.ok && answer) return answer;
    throw Object.assign(new Error(answer?.error ?? BROKEN), { status: response.status });
  } catch (error) {
    if (timer.signal.aborted) throw new Error(TOO_SLOW);
    throw error instanceof TypeError ? new Error(UNREACHABLE) : error; // how fetch() says "no connection"
  } finally {
    clearTimeout(timeout);
  }
}

/** Sends a turn, in a new session if there is none or it has ended. @param {Turn} turn @returns {Promise<Reply[]>} */
async function ask(turn) {
  const options = { method: "POST", body: JSON.stringify({ message: turn.message, message_id: turn.id }) };
  try {
    if (token) return await call("message", options);
  } catch (error) {
    if (error.status !== 401) throw error;
  }
  keepToken((await call("session", { method: "POST" })).session);
  return call("message", options);
}

/** @returns {Promise<{user: string, replies: Reply[]}[]>} */
async function loadHistory() {
  try {
    return token ? await call("history") : [];
  } catch (error) {
    if (error.status !== 401) throw error;
    keepToken("");
    return [];
  }
}

// ---- Showing messages ---------------------------------------------------------------------------

/** @param {string} tag @param {Record<string, string>} attributes @param {...(string | Node)} children */
function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** @param {string} title @param {string} className @param {() => void} onTap */
function button(title, className, onTap) {
  const made = element("button", { type: "button", class: className }, title);
  made.addEventListener("click", onTap);
  return made;
}

/** The address that dials; in "+44 (0)1632" the zero is not dialled. @param {string} number */
function dialling(number) {
  return `tel:${number.replace(/^(\+.*?)\(0\)/, "$1").replace(/[^+\d]/g, "")}`;
}

/** A reference such as "[2]" as a chip, or a phone number as a link. @param {string} found */
function mark(found) {
  if (!found.startsWith("[")) return element("a", { class: "number", href: dialling(found), dir: "ltr" }, found);
  const number = found.slice(1, -1);
  const title = `Reference ${number} of the guide`;
  // As an image it is read out by its label; of plain text a screen reader would say the bare number.
  return element("span", { class: "reference", role: "img", title, "aria-label": title }, number);
}

/** One line with its marks. @param {string} kind @param {string} line */
function inline(kind, line) {
  const patterns = ["\\[\\d+\\]"];
  // In an answer from the guide "112" would be an amount, and only in danger is every number a phone's.
  if (kind !== "answer" && kind !== "schedule") patterns.push(...phonePatterns);
  if (kind === "emergency" || kind === "crisis") patterns.push("\\+?\\d(?: ?\\d){2,}");
  const parts = [];
  let end = 0;
  for (const { 0: found, index = 0 } of line.matchAll(new RegExp(patterns.join("|"), "g"))) {
    parts.push(line.slice(end, index), mark(found));
    end = index + found.length;
  }
  return [...parts, line.slice(end)];
}

/** The paragraphs and lists of a text. @param {string} kind @param {string} text */
function blocksOf(kind, text) {
  /** @type {HTMLElement[]} */
  const blocks = [];
  for (const line of text.split("\n").filter((line) => line.trim())) {
    if (!line.startsWith("• ")) {
      blocks.push(element("p", { dir: "auto" }, ...inline(kind, line)));  // Arabic runs from the right
      continue;
    }
    if (blocks.at(-1)?.tagName !== "UL") blocks.push(element("ul", {}));
    blocks.at(-1)?.append(element("li", {}, ...inline(kind, line.slice(2))));
  }
  return blocks;
}

/** Adds a bubble; taps are only for the newest one. @param {string} look @param {Node[]} blocks */
function addBubble(look, blocks) {
  log.querySelector(".quick-replies")?.remove();
  const speaker = look.startsWith("mine") ? "You: " : "B12 Companion: ";
  const hidden = element("span", { class: "visually-hidden" }, speaker);
  const bubble = element("div", { class: `bubble ${look}`, tabindex: "-1" }, hidden, ...blocks);
  log.append(bubble);
  return bubble;
}

/** @param {string} text */
function showMine(text) {
  return addBubble("mine", [element("p", { dir: "auto" }, text)]);
}

/** @param {Reply} reply */
function showReply({ kind, text, buttons }) {
  const bubble = addBubble(`theirs ${kind}`, blocksOf(kind, text));
  const taps = buttons.map(({ title, payload }) => button(title, "", () => say(payload, title)));
  if (taps.length) log.append(element("div", { class: "quick-replies" }, ...taps));
  return bubble;
}

/** Learns which numbers become links. @param {Record<string, string>} clinic */
function linkNumbers({ phone, emergency_number: emergency, crisis_line: crisis }) {
  phonePatterns = [phone, crisis, emergency]
    .filter(Boolean)
    .map((number) => (/^\d/.test(number) ? "\\b" : "") + number.replace(/\W/g, "\\$&") + "(?!\\d)");
}

// ---- The conversation ---------------------------------------------------------------------------

/** Runs an exchange with the server and offers to repeat it when it fails. @param {() => Promise<void>} exchange */
async function attempt(exchange) {
  if (busy) return;
  busy = true;
  notice.replaceChildren();
  // The tapped button is gone: the keyboard goes on from the newest message, not from the page's top.
  const newest = /** @type {HTMLElement | null} */ (log.lastElementChild);
  if (document.activeElement === document.body) newest?.focus({ preventScroll: true });
  progress.textContent = "Typing";
  progress.scrollIntoView({ block: "nearest" });
  try {
    await exchange();
  } catch (error) {
    notice.append(...blocksOf("error", error.message), button("Try again", "primary", () => attempt(exchange)));
    notice.scrollIntoView({ block: "nearest" });
  } finally {
    busy = false;
    progress.textContent = "";
  }
}

/** Says something in the parent's name. @param {string} message What is sent. @param {string} [shown] */
function say(message, shown = message) {
  if (busy) return;
  // Over plain http there is no randomUUID.
  const id = crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(4)).join("-");
  const turn = { id, message, bubble: showMine(shown) };
  attempt(() => answer(turn));
}

/** Shows the replies to a turn; however often it is repeated, it stays one turn. @param {Turn} turn */
async function answer(turn) {
  try {
    const replies = await ask(turn);
    if (!replies.length) throw new Error(BROKEN);
    const [first] = replies.map(showReply);
    turn.bubble.classList.remove("unanswered");
    first.scrollIntoView({ block: "start" });
  } catch (error) {
    turn.bubble.classList.add("unanswered");
    throw error;
  }
}

/** Shows the clinic, the greeting and what was said before. */
async function openConversation() {
  log.replaceChildren();
  log.setAttribute("aria-busy", "true"); // so that an old conversation is not read aloud
  try {
    const { clinic, greeting, questions } = await call("about");
    linkNumbers(clinic);
    const buttons = questions.map((/** @type {string} */ text) => ({ title: text, payload: text }));
    let newest = showReply({ kind: "smalltalk", text: greeting, buttons });
    const turns = await loadHistory();
    for (const { user, replies } of turns) {
      newest = showMine(user);
      newest.classList.toggle("unanswered", !replies.length);
      for (const reply of replies) newest = showReply(reply);
    }
    if (turns.length) newest.scrollIntoView({ block: "start", behavior: "instant" });
  } finally {
    log.removeAttribute("aria-busy");
  }
}

function sendField() {
  const message = field.value.trim();
  if (busy || !message) return;
  field.value = "";
  byId("limit").hidden = true;
  say(message);
}

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  sendField();
});
field.addEventListener("keydown", (event) => {
  // Enter also ends the composing of a word, as in Japanese; Safari then tells it by keyCode 229 only.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  sendField();
});
field.addEventListener("input", () => {
  byId("limit").hidden = field.value.length < field.maxLength;
});
byId("composer").hidden = false;
attempt(openConversation);
