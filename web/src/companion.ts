/** `<b12-companion>`: the whole chat. It keeps the conversation and decides what shows when. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { printCalendar, saveFile } from "./calendar";
import { applyColor } from "./color";
import { alarmFor } from "./danger";
import { assistantName, facts, filled, words, type QuickReply, type Reply } from "./facts";
import { isFramed, listen, tell } from "./host";
import { openKeeper, type Keeper } from "./keeper";
import { blocks, dialling } from "./marks";
import { newId, Outbox } from "./outbox";
import { alarmIn, pinnedView } from "./pinned";
import { Failure, Server, type Statement } from "./server";
import { statementsFor, statementView } from "./statement";
import { quickReplies, theirs, turnView, type Turn, type Wishes } from "./turns";

const LONGEST = 2000; // characters
const WAKES_IN = 5000; // milliseconds; a server that has just started loads its model

// Taps that are for the page itself, not for the server.
const SAVE = "/schedule_file";
const PRINT = "/schedule_print";
const PICK = "/schedule_pick";

interface Trouble {
  text: string;
  repeat: () => void;
}

const GREETING: Reply = {
  kind: "smalltalk",
  text: facts.greeting,
  statements: [],
  references: [],
  buttons: facts.questions.map((title) => ({ title, payload: title })),
  schedule: null,
};

export class Companion extends LitElement {
  static override properties = {
    earlier: { state: true },
    turns: { state: true },
    busy: { state: true },
    trouble: { state: true },
    offline: { state: true },
    pinned: { state: true },
    shown: { state: true },
    menu: { state: true },
    wide: { state: true },
    picking: { state: true },
    hasNew: { state: true },
    draft: { state: true },
  };

  private earlier: Turn[] = [];
  private turns: Turn[] = [];
  private busy = false;
  private trouble?: Trouble;
  private offline = !navigator.onLine;
  private pinned?: Reply;
  private shown: Statement[] = [];
  private menu = false;
  private wide = false;
  private picking = false;
  private hasNew = false;
  private draft = "";

  private keeper!: Keeper;
  private outbox!: Outbox;
  private server!: Server;
  private isListening = false;
  private isAtEnd = true;

  private readonly wishes: Wishes = {
    openReference: (reply, reference) =>
      this.attempt(async () => {
        this.shown = statementsFor(reply, reference, await this.server.statements());
        await this.openDialog("#statements");
      }),
    loadCalendar: () => this.server.calendar(),
  };

  /** The page's own styles and its printing reach all parts: a frame needs no second wall. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override async firstUpdated(): Promise<void> {
    applyColor();
    document.title = assistantName;
    addEventListener("offline", () => (this.offline = true));
    addEventListener("online", () => {
      this.offline = false;
      this.trouble?.repeat();
    });
    addEventListener("keydown", (event) => this.onKey(event));
    new IntersectionObserver(([end]) => {
      this.isAtEnd = end!.isIntersecting;
      if (this.isAtEnd) this.hasNew = false;
    }).observe(this.querySelector(".end")!);
    listen(() => this.field.focus());
    if (!isFramed) this.field.focus();
    this.keeper = await openKeeper();
    this.outbox = new Outbox(this.keeper);
    this.server = new Server(this.keeper);
    this.draft ||= this.keeper.get("draft");
    this.pinned = readReply(this.keeper.get("pinned"));
    await this.restore();
  }

  // ---- The conversation ------------------------------------------------------------------------

  /** Shows what was said before, and sends what was never answered. */
  private restore(): Promise<void> {
    return this.talk(async () => {
      const said = await this.server.history();
      this.earlier = (said ?? []).map(({ user, message_id, replies }) => ({
        id: message_id ?? newId(),
        user,
        replies,
        failed: false,
      }));
      const isAnswered = (id: string) =>
        this.earlier.some((turn) => turn.id === id && turn.replies.length);
      for (const { id, user } of this.outbox.letters) {
        if (isAnswered(id)) this.outbox.remove(id);
        else this.earlier = this.earlier.filter((turn) => turn.id !== id);
        if (!isAnswered(id) && !this.turns.some((turn) => turn.id === id)) {
          this.turns = [...this.turns, { id, user, replies: [], failed: true }];
        }
      }
      await this.updateComplete;
      this.scrollToEnd();
      if (said) this.listenForReplies();
      await this.deliver();
    });
  }

  /** Says something in the parent's name. @param user What the parent sees of it. */
  private async say(message: string, user = message): Promise<void> {
    if (this.busy) return;
    const letter = { id: newId(), message, user };
    this.outbox.add(letter);
    this.turns = [...this.turns, { id: letter.id, user, replies: [], failed: false }];
    this.picking = false;
    await this.updateComplete;
    this.scrollToEnd();
    // The tapped button is gone: the keyboard goes on from the newest message.
    if (document.activeElement === document.body) this.lastBubble?.focus({ preventScroll: true });
    await this.talk(() => this.deliver());
  }

  /** Sends all that waits. One that fails does not hold up the next: that may tell of danger. */
  private async deliver(): Promise<void> {
    let failure: unknown;
    for (const { id, message, user } of this.outbox.letters) {
      const turn: Turn = { id, user, replies: [], failed: true };
      try {
        const replies = await this.server.ask(message, id);
        this.outbox.remove(id);
        await this.showAnswer({ ...turn, replies, failed: false });
      } catch (error) {
        if (error instanceof Failure && error.isFinal) this.outbox.remove(id);
        this.replace(turn);
        this.pin(alarmFor(message));
        failure = error;
      }
    }
    if (failure) throw failure;
  }

  private async showAnswer(turn: Turn): Promise<void> {
    const wasAtEnd = this.isAtEnd;
    this.pin(alarmIn(turn.replies));
    // When the parent has had everything erased, it leaves the page, too.
    const mayBeErased = turn.replies.some(({ kind }) => kind === "privacy");
    if (mayBeErased && !(await this.server.history())?.length) {
      this.earlier = [];
      this.turns = [{ ...turn, user: null }];
    } else {
      this.replace(turn);
    }
    this.listenForReplies();
    await this.reveal(turn.id, wasAtEnd);
  }

  private listenForReplies(): void {
    if (this.isListening) return;
    this.isListening = true;
    void this.server
      .listen((reply) => void this.showBegun(reply))
      .finally(() => (this.isListening = false));
  }

  private async showBegun(reply: Reply): Promise<void> {
    const wasAtEnd = this.isAtEnd;
    const turn = { id: newId(), user: null, replies: [reply], failed: false };
    this.turns = [...this.turns, turn];
    this.pin(alarmIn([reply]));
    await this.reveal(turn.id, wasAtEnd);
  }

  private replace(turn: Turn): void {
    this.turns = this.turns.map((each) => (each.id === turn.id ? turn : each));
  }

  private pin(alarm: Reply | undefined): void {
    if (!alarm) return;
    this.pinned = alarm;
    this.keeper.set("pinned", JSON.stringify(alarm));
  }

  private async erase(): Promise<void> {
    await this.talk(async () => {
      await this.server.erase();
      this.outbox.clear();
      this.keeper.set("pinned", "");
      this.write("");
      this.earlier = [];
      this.turns = [
        { id: newId(), user: null, failed: false, replies: [{ ...GREETING, kind: "privacy", text: words.erased }] },
      ];
      this.pinned = undefined;
    });
    this.field.focus();
  }

  /** Runs an exchange in which the assistant seems to type; there is one at a time. */
  private async talk(exchange: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      await this.attempt(exchange, () => void this.talk(exchange));
    } finally {
      this.busy = false;
    }
  }

  /** Does something with the server, and offers to repeat it when it fails. */
  private async attempt(
    action: () => Promise<void>,
    repeat = () => void this.attempt(action),
  ): Promise<void> {
    this.trouble = undefined;
    try {
      await action();
    } catch (error) {
      if (!(error instanceof Failure)) throw error; // a mistake of ours, for the console
      const trouble = { text: error.message, repeat };
      const wasAtEnd = this.isAtEnd;
      this.trouble = trouble;
      await this.updateComplete;
      if (wasAtEnd) this.scrollToEnd(); // what was not sent shows above the notice
      const again = () => this.trouble === trouble && repeat();
      if (error.status === 503) setTimeout(again, WAKES_IN);
    }
  }

  // ---- Where the eye and the keyboard are ------------------------------------------------------

  private get field(): HTMLTextAreaElement {
    return this.querySelector("textarea")!;
  }

  private get lastBubble(): HTMLElement | undefined {
    return [...this.querySelectorAll<HTMLElement>(".bubble")].at(-1);
  }

  private scrollToEnd(): void {
    this.querySelector(".end")!.scrollIntoView({ block: "end" });
  }

  /** A new reply shows from its start; a reader who has scrolled up is not torn away. */
  private async reveal(id: string, wasAtEnd: boolean): Promise<void> {
    await this.updateComplete;
    if (wasAtEnd) {
      this.querySelector(`[data-turn="${id}"] .theirs`)?.scrollIntoView({ block: "start" });
    } else {
      this.hasNew = true;
    }
  }

  private showNew(): void {
    this.hasNew = false;
    const last = [...this.querySelectorAll<HTMLElement>(".turn")].at(-1);
    const bubble = last?.querySelector<HTMLElement>(".theirs");
    bubble?.scrollIntoView({ block: "start" });
    bubble?.focus({ preventScroll: true });
  }

  private async openDialog(name: string): Promise<void> {
    await this.updateComplete;
    this.querySelector<HTMLDialogElement>(name)!.showModal();
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.isComposing || this.querySelector("dialog[open]")) return;
    if (this.menu) {
      this.menu = false;
      this.querySelector<HTMLElement>(".menu-button")!.focus();
    } else {
      tell({ b12: "close" });
    }
  }

  private onFieldKey(event: KeyboardEvent): void {
    // Enter also ends the composing of a word, as in Japanese; Safari tells it by keyCode 229 only.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.submit();
  }

  private submit(event?: Event): void {
    event?.preventDefault();
    const message = this.draft.trim();
    if (!message || this.busy || !this.server) return;
    this.write("");
    void this.say(message);
  }

  private write(text: string): void {
    this.draft = text;
    this.keeper?.set("draft", text);
  }

  private tap({ title, payload }: QuickReply): void {
    if (payload === SAVE) {
      void this.attempt(async () => saveFile(await this.server.calendarFile()));
    } else if (payload === PRINT) {
      const paper = this.querySelector<HTMLElement>(".paper")!;
      void this.attempt(async () => printCalendar(await this.server.calendar(), paper));
    } else if (payload === PICK) {
      this.picking = true;
      void this.updateComplete.then(() => this.querySelector<HTMLElement>("input[type=date]")!.focus());
    } else {
      void this.say(payload, title);
    }
  }

  // ---- What shows ------------------------------------------------------------------------------

  protected override render(): TemplateResult {
    const key = (turn: Turn) => turn.id;
    return html`
      ${this.head()}
      <div class="alarm" role="alert">
        ${pinnedView(this.pinned, () => {
          this.pinned = undefined;
          this.keeper.set("pinned", "");
          this.field.focus();
        })}
      </div>
      <main tabindex="0" aria-label=${words.conversation}>
        <div class="column">
          <p class="intro">
            ${words.about} ${facts.reviewed ? nothing : words.not_reviewed} ${words.no_replacement}
          </p>
          ${theirs(GREETING, false, this.wishes)}
          <section class="earlier" aria-label=${words.earlier} ?hidden=${!this.earlier.length}>
            ${repeat(this.earlier, key, (turn) => turnView(turn, false, this.wishes))}
          </section>
          <div class="log" role="log" aria-label=${words.messages}>
            ${repeat(this.turns, key, (turn) => turnView(turn, true, this.wishes))}
          </div>
          ${this.busy ? nothing : this.replies()}
          <p class="typing" role="status">
            ${this.busy ? html`<span class="unseen">${words.typing}</span><i></i><i></i><i></i>` : nothing}
          </p>
          <div class="end"></div>
          ${this.hasNew
            ? html`<button type="button" class="new-messages" @click=${this.showNew}>${words.new_messages}</button>`
            : nothing}
        </div>
      </main>
      <div class="troubles" role="alert">${this.troubles()}</div>
      ${this.foot()} ${this.dialogs()}
      <section class="paper" aria-hidden="true"></section>
    `;
  }

  private head(): TemplateResult {
    return html`<header>
      <span class="mark" aria-hidden="true">B12</span>
      <div class="names">
        <h1>${assistantName}</h1>
        <p>${facts.clinic.name}</p>
      </div>
      <button type="button" class="icon menu-button" aria-label=${words.menu} aria-expanded=${this.menu}
        @click=${() => (this.menu = !this.menu)}>
        <svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="5" cy="12" r="2"/><circle cx="12" cy="12" r="2"/><circle cx="19" cy="12" r="2"/></svg>
      </button>
      ${isFramed
        ? html`<button type="button" class="icon" aria-label=${words.close} @click=${() => tell({ b12: "close" })}>
            <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6l12 12M18 6L6 18"/></svg>
          </button>`
        : nothing}
      ${this.menu ? this.menuView() : nothing}
    </header>`;
  }

  private menuView(): TemplateResult {
    const chosen = (action: () => void) => () => {
      this.menu = false;
      action();
    };
    const widen = () => {
      this.wide = !this.wide;
      tell({ b12: "wide", value: this.wide ? "1" : "" });
    };
    return html`<div class="menu">
      ${isFramed
        ? html`<button type="button" class="widen" @click=${chosen(widen)}>
            ${this.wide ? words.small_window : words.full_page}
          </button>`
        : nothing}
      <button type="button" @click=${chosen(() => window.print())}>${words.print_chat}</button>
      <button type="button" class="erase" @click=${chosen(() => void this.openDialog("#erase"))}>
        ${words.erase}
      </button>
    </div>`;
  }

  private replies(): TemplateResult | typeof nothing {
    if (this.picking) {
      const choose = () => {
        const { value } = this.querySelector<HTMLInputElement>("input[type=date]")!;
        if (value) void this.say(value);
      };
      return html`<div class="quick-replies">
        <input type="date" aria-label=${words.which_date} />
        <button type="button" @click=${choose}>${words.choose_date}</button>
      </div>`;
    }
    const last = this.turns.at(-1) ?? this.earlier.at(-1);
    const reply = last ? last.replies.at(-1) : GREETING;
    return quickReplies(reply?.buttons ?? [], (button) => this.tap(button));
  }

  private troubles(): TemplateResult | typeof nothing {
    if (this.offline) return html`<div class="trouble"><p>${words.offline}</p>${this.again()}</div>`;
    if (!this.trouble) return nothing;
    return html`<div class="trouble">
      ${blocks(this.trouble.text, "error", () => undefined)} ${this.again()}
    </div>`;
  }

  private again(): TemplateResult | typeof nothing {
    if (!this.trouble) return nothing;
    const { emergency_number: number } = facts.clinic;
    return html`<div class="actions">
      <button type="button" class="primary" @click=${this.trouble.repeat}>${words.try_again}</button>
      <a href=${dialling(number)}>${filled(words.in_danger, { number })}</a>
    </div>`;
  }

  private foot(): TemplateResult {
    const { phone, hours, emergency_number: number } = facts.clinic;
    const onInput = () => this.write(this.field.value);
    return html`<footer>
      <form class="column" @submit=${this.submit}>
        <label for="message" class="unseen">${words.your_question}</label>
        <textarea id="message" rows="1" maxlength=${LONGEST} placeholder=${words.your_question} dir="auto"
          autocomplete="off" enterkeyhint="send" aria-describedby="longest" .value=${this.draft}
          @input=${onInput} @keydown=${this.onFieldKey}></textarea>
        <button type="submit" class="primary send">${words.send}</button>
        <p id="longest" ?hidden=${this.draft.length < LONGEST}>${words.longest}</p>
      </form>
      <p class="column contact">
        <a href=${dialling(phone)}><span class="unseen">${words.call_clinic}</span> <bdi dir="ltr">${phone}</bdi></a>
        <span class="hours" lang="en">${hours}</span>
        <a class="danger" href=${dialling(number)}>${filled(words.in_danger, { number })}</a>
      </p>
    </footer>`;
  }

  private dialogs(): TemplateResult {
    return html`<dialog id="statements" aria-labelledby="statements-title">
        <h2 id="statements-title" tabindex="-1" autofocus>${words.statement_title}</h2>
        ${this.shown.map(statementView)}
        <form method="dialog"><button class="primary">${words.close}</button></form>
      </dialog>
      <dialog id="erase" aria-labelledby="erase-sure">
        <p id="erase-sure">${words.erase_sure}</p>
        <form method="dialog" class="actions">
          <button class="erase-no">${words.erase_no}</button>
          <button class="primary erase-yes" @click=${() => void this.erase()}>${words.erase_yes}</button>
        </form>
      </dialog>`;
  }
}

function readReply(kept: string): Reply | undefined {
  return kept ? JSON.parse(kept) : undefined;
}

customElements.define("b12-companion", Companion);
