/** `<b12-companion>`: the whole chat. It decides what shows when, and where the eye and the keyboard are. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { printCalendar, saveFile } from "./calendar";
import { applyColor } from "./color";
import { Conversation } from "./conversation";
import { eraseDialog, statementsDialog } from "./dialogs";
import { assistantName, facts, GREETING, words, type QuickReply } from "./facts";
import { footView, troubleView } from "./foot";
import { headView, menuView } from "./head";
import { isFramed, listen, tell } from "./host";
import { openKeeper, type Keeper } from "./keeper";
import { pinnedView } from "./pinned";
import type { Statement } from "./server";
import { statementsFor } from "./statement";
import { quickReplies, theirs, turnView, type Turn, type Wishes } from "./turns";

// Taps that are for the page itself, not for the server.
const SAVE = "/schedule_file";
const PRINT = "/schedule_print";
const PICK = "/schedule_pick";

export class Companion extends LitElement {
  static override properties = {
    offline: { state: true },
    shown: { state: true },
    menu: { state: true },
    wide: { state: true },
    picking: { state: true },
    hasNew: { state: true },
    draft: { state: true },
  };

  private offline = !navigator.onLine;
  private shown: Statement[] = [];
  private menu = false;
  private wide = false;
  private picking = false;
  private hasNew = false;
  private draft = "";

  private keeper!: Keeper;
  private talk?: Conversation; // not before the keeper is there
  isAtEnd = true;

  private readonly wishes: Wishes = {
    openReference: (reply, reference) =>
      this.talk?.attempt(async () => {
        this.shown = statementsFor(reply, reference, await this.talk!.server.statements());
        await this.openDialog("#statements");
      }),
    loadCalendar: () => this.talk!.server.calendar(), // of a reply, which the talk brought
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
      this.talk?.trouble?.repeat();
    });
    addEventListener("keydown", (event) => this.onKey(event));
    new IntersectionObserver(([end]) => {
      this.isAtEnd = end!.isIntersecting;
      if (this.isAtEnd) this.hasNew = false;
    }).observe(this.querySelector(".end")!);
    listen(() => this.field.focus());
    if (!isFramed) this.field.focus();
    this.keeper = await openKeeper();
    this.draft ||= this.keeper.get("draft");
    this.talk = new Conversation(this, this.keeper);
    await this.talk.restore();
  }

  /** Says something in the parent's name. @param user What the parent sees of it. */
  private async say(message: string, user = message): Promise<void> {
    if (this.talk?.busy !== false) return;
    this.picking = false;
    const said = this.talk.say(message, user);
    await this.updateComplete;
    // The tapped button is gone: the keyboard goes on from the newest message.
    if (document.activeElement === document.body) this.lastBubble?.focus({ preventScroll: true });
    await said;
  }

  // ---- Where the eye and the keyboard are ------------------------------------------------------

  private get field(): HTMLTextAreaElement {
    return this.querySelector("textarea")!;
  }

  private get lastBubble(): HTMLElement | undefined {
    return [...this.querySelectorAll<HTMLElement>(".bubble")].at(-1);
  }

  scrollToEnd(): void {
    this.querySelector(".end")!.scrollIntoView({ block: "end" });
  }

  /** A new reply shows from its start; a reader who has scrolled up is not torn away. */
  async reveal(id: string, wasAtEnd: boolean): Promise<void> {
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
    if (!message || this.talk?.busy !== false) return;
    this.write("");
    void this.say(message);
  }

  private async erase(): Promise<void> {
    await this.talk?.erase(() => this.write(""));
    this.field.focus();
  }

  private write(text: string): void {
    this.draft = text;
    this.keeper?.set("draft", text);
  }

  private tap({ title, payload }: QuickReply): void {
    const { talk } = this;
    if (!talk) return;
    if (payload === SAVE) {
      void talk.attempt(async () => saveFile(await talk.server.calendarFile()));
    } else if (payload === PRINT) {
      const paper = this.querySelector<HTMLElement>(".paper")!;
      void talk.attempt(async () => printCalendar(await talk.server.calendar(), paper));
    } else if (payload === PICK) {
      this.picking = true;
      void this.updateComplete.then(() => this.querySelector<HTMLElement>("input[type=date]")!.focus());
    } else {
      void this.say(payload, title);
    }
  }

  // ---- What shows ------------------------------------------------------------------------------

  protected override render(): TemplateResult {
    const { earlier = [], turns = [], busy = false, trouble, pinned }: Partial<Conversation> = this.talk ?? {};
    const key = (turn: Turn) => turn.id;
    return html`
      ${this.head()}
      <div class="alarm" role="alert">
        ${pinnedView(pinned, () => {
          this.talk?.pin(undefined);
          this.field.focus();
        })}
      </div>
      <main tabindex="0" aria-label=${words.conversation}>
        <div class="column">
          <p class="intro">
            ${words.about} ${facts.reviewed ? nothing : words.not_reviewed} ${words.no_replacement}
          </p>
          ${theirs(GREETING, false, this.wishes)}
          <section class="earlier" aria-label=${words.earlier} ?hidden=${!earlier.length}>
            ${repeat(earlier, key, (turn) => turnView(turn, false, this.wishes))}
          </section>
          <div class="log" role="log" aria-label=${words.messages}>
            ${repeat(turns, key, (turn) => turnView(turn, true, this.wishes))}
          </div>
          ${busy ? nothing : this.replies(turns.at(-1) ?? earlier.at(-1))}
          <p class="typing" role="status">
            ${busy ? html`<span class="unseen">${words.typing}</span><i></i><i></i><i></i>` : nothing}
          </p>
          <div class="end"></div>
          ${this.hasNew
            ? html`<button type="button" class="new-messages" @click=${this.showNew}>${words.new_messages}</button>`
            : nothing}
        </div>
      </main>
      <div class="troubles" role="alert">${troubleView(this.offline, trouble)}</div>
      ${this.foot()} ${statementsDialog(this.shown)} ${eraseDialog(() => void this.erase())}
      <section class="paper" aria-hidden="true"></section>
    `;
  }

  private head(): TemplateResult {
    const toggle = () => (this.menu = !this.menu);
    return headView(this.menu, toggle, () => {
      const chosen = (action: () => void) => () => {
        this.menu = false;
        action();
      };
      return menuView(this.wide, {
        widen: chosen(() => {
          this.wide = !this.wide;
          tell({ b12: "wide", value: this.wide ? "1" : "" });
        }),
        print: chosen(() => window.print()),
        erase: chosen(() => void this.openDialog("#erase")),
      });
    });
  }

  private replies(last?: Turn): TemplateResult | typeof nothing {
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
    const reply = last ? last.replies.at(-1) : GREETING;
    return quickReplies(reply?.buttons ?? [], (button) => this.tap(button));
  }

  private foot(): TemplateResult {
    return footView(this.draft, {
      submit: (event) => this.submit(event),
      write: () => this.write(this.field.value),
      press: (event) => this.onFieldKey(event),
    });
  }
}

customElements.define("b12-companion", Companion);
