/** The conversation: what was said, what waits to be sent, what failed, and the danger it told of. */
import { alarmFor } from "./danger";
import { GREETING, words, type Reply } from "./facts";
import type { Trouble } from "./foot";
import type { Keeper } from "./keeper";
import { newId, Outbox } from "./outbox";
import { alarmIn } from "./pinned";
import { Failure, Server } from "./server";
import type { Turn } from "./turns";

const WAKES_IN = 5000; // milliseconds; a server that has just started loads its model

/** Where the conversation shows. */
export interface Page {
  /** Whether the end of the conversation is in view. */
  readonly isAtEnd: boolean;
  readonly updateComplete: Promise<boolean>;
  requestUpdate(): void;
  scrollToEnd(): void;
  /** A new turn is there; a reader who was not at the end is not torn away. */
  reveal(id: string, wasAtEnd: boolean): Promise<void>;
}

type Shown = Pick<Conversation, "earlier" | "turns" | "busy" | "trouble" | "pinned">;

export class Conversation {
  /** Said before the page was opened. */
  earlier: Turn[] = [];
  turns: Turn[] = [];
  /** Whether the assistant seems to type. */
  busy = false;
  trouble?: Trouble;
  /** The alarm above the conversation. */
  pinned?: Reply;

  readonly server: Server;
  private readonly outbox: Outbox;
  private isListening = false;

  constructor(
    private readonly page: Page,
    private readonly keeper: Keeper,
  ) {
    this.outbox = new Outbox(keeper);
    this.server = new Server(keeper);
    const kept = keeper.get("pinned");
    if (kept) this.pinned = JSON.parse(kept);
  }

  /** Shows what was said before, and sends what was never answered. */
  restore(): Promise<void> {
    return this.talk(async () => {
      const said = await this.server.history();
      let earlier: Turn[] = (said ?? []).map(({ user, message_id, replies }) => ({
        id: message_id ?? newId(),
        user,
        replies,
        failed: false,
      }));
      let turns = this.turns;
      const isAnswered = (id: string) => earlier.some((turn) => turn.id === id && turn.replies.length);
      for (const { id, user } of this.outbox.letters) {
        if (isAnswered(id)) {
          this.outbox.remove(id);
          continue;
        }
        earlier = earlier.filter((turn) => turn.id !== id);
        if (!turns.some((turn) => turn.id === id)) {
          turns = [...turns, { id, user, replies: [], failed: true }];
        }
      }
      this.show({ earlier, turns });
      await this.page.updateComplete;
      this.page.scrollToEnd();
      if (said) this.listenForReplies();
      await this.deliver();
    });
  }

  /** Says something in the parent's name. @param user What the parent sees of it. */
  async say(message: string, user: string): Promise<void> {
    const letter = { id: newId(), message, user };
    this.outbox.add(letter);
    this.show({ turns: [...this.turns, { id: letter.id, user, replies: [], failed: false }] });
    await this.page.updateComplete;
    this.page.scrollToEnd();
    await this.talk(() => this.deliver());
  }

  /** Erases all that was said, here and on the server. @param done Once it is erased. */
  erase(done: () => void): Promise<void> {
    return this.talk(async () => {
      await this.server.erase();
      this.outbox.clear();
      this.pin(undefined);
      done();
      const erased = { ...GREETING, kind: "privacy", text: words.erased };
      this.show({ earlier: [], turns: [{ id: newId(), user: null, failed: false, replies: [erased] }] });
    });
  }

  /** Does something with the server, and offers to repeat it when it fails. */
  async attempt(
    action: () => Promise<void>,
    repeat = () => void this.attempt(action),
  ): Promise<void> {
    this.show({ trouble: undefined });
    try {
      await action();
    } catch (error) {
      if (!(error instanceof Failure)) throw error; // a mistake of ours, for the console
      const trouble = { text: error.message, repeat };
      const wasAtEnd = this.page.isAtEnd;
      this.show({ trouble });
      await this.page.updateComplete;
      if (wasAtEnd) this.page.scrollToEnd(); // what was not sent shows above the notice
      const again = () => this.trouble === trouble && repeat();
      if (error.status === 503) setTimeout(again, WAKES_IN);
    }
  }

  /** Keeps an alarm in view, or takes it away. */
  pin(alarm: Reply | undefined): void {
    this.show({ pinned: alarm });
    this.keeper.set("pinned", alarm ? JSON.stringify(alarm) : "");
  }

  private show(changes: Partial<Shown>): void {
    Object.assign(this, changes);
    this.page.requestUpdate();
  }

  /** Runs an exchange in which the assistant seems to type; there is one at a time. */
  private async talk(exchange: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.show({ busy: true });
    try {
      await this.attempt(exchange, () => void this.talk(exchange));
    } finally {
      this.show({ busy: false });
    }
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
        this.raise(alarmFor(message));
        failure = error;
      }
    }
    if (failure) throw failure;
  }

  private async showAnswer(turn: Turn): Promise<void> {
    const wasAtEnd = this.page.isAtEnd;
    this.raise(alarmIn(turn.replies));
    // When the parent has had everything erased, it leaves the page, too.
    const mayBeErased = turn.replies.some(({ kind }) => kind === "privacy");
    if (mayBeErased && !(await this.server.history())?.length) {
      this.show({ earlier: [], turns: [{ ...turn, user: null }] });
    } else {
      this.replace(turn);
    }
    this.listenForReplies();
    await this.page.reveal(turn.id, wasAtEnd);
  }

  private listenForReplies(): void {
    if (this.isListening) return;
    this.isListening = true;
    void this.server
      .listen((reply) => void this.showBegun(reply))
      .finally(() => (this.isListening = false));
  }

  private async showBegun(reply: Reply): Promise<void> {
    const wasAtEnd = this.page.isAtEnd;
    const turn = { id: newId(), user: null, replies: [reply], failed: false };
    this.show({ turns: [...this.turns, turn] });
    this.raise(alarmIn([reply]));
    await this.page.reveal(turn.id, wasAtEnd);
  }

  private replace(turn: Turn): void {
    this.show({ turns: this.turns.map((each) => (each.id === turn.id ? turn : each)) });
  }

  private raise(alarm: Reply | undefined): void {
    if (alarm) this.pin(alarm);
  }
}
