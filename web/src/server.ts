/** The calls to the server, each ending in an answer or in a sentence for the parent. */
import { words, type Reply } from "./facts";
import type { Keeper } from "./keeper";

const PATIENCE = 15_000; // milliseconds until an answer is called late
const AGAIN_AFTER = 3_000; // milliseconds between attempts to listen

/** What was said once, as the server tells it. */
export interface SaidTurn {
  user: string | null;
  message_id: string | null;
  replies: Reply[];
}

/** A statement of the guide. */
export interface Statement {
  text: string;
  section: string;
  references: number[];
  reviewed_by: string | null;
  reviewed_on: string | null;
}

export interface Calendar {
  title: string;
  text: string;
  timeline: string;
  description: string;
  questions: string;
  question_lines: number;
  clinic_heading: string;
  clinic: { name: string; phone: string; hours: string };
}

/** A call that failed; its message is a sentence for the parent. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly status = 0,
  ) {
    super(message);
  }

  /** Whether sending the same again cannot help. */
  get isFinal(): boolean {
    return this.status === 400 || this.status === 413;
  }
}

export class Server {
  private lastEvent = "0";
  private statementsOnce?: Promise<Record<string, Statement>>;

  constructor(private readonly keeper: Keeper) {}

  /** Sends a message; the same id twice is one message. Opens a session where there is none. */
  async ask(message: string, id: string): Promise<Reply[]> {
    const post = () => this.json<Reply[]>("message", "POST", { message, message_id: id });
    let replies: Reply[];
    try {
      replies = await post();
    } catch (error) {
      if (!hasEnded(error)) throw error;
      await this.openSession();
      replies = await post();
    }
    if (!replies.length) throw new Failure(words.broken);
    return replies;
  }

  /** What was said so far; undefined where no conversation is open. */
  async history(): Promise<SaidTurn[] | undefined> {
    try {
      const response = await this.call("history");
      this.lastEvent = response.headers.get("Last-Event-ID") ?? "0";
      return await response.json();
    } catch (error) {
      if (hasEnded(error)) return undefined;
      throw error;
    }
  }

  /** Has the conversation erased; where none was ever opened, there is nothing to erase. */
  async erase(): Promise<void> {
    try {
      await this.json("history", "DELETE");
    } catch (error) {
      if (!hasEnded(error)) throw error;
    }
  }

  /** All statements, fetched when the first is opened. */
  statements(): Promise<Record<string, Statement>> {
    this.statementsOnce ??= this.json<Record<string, Statement>>("statements");
    this.statementsOnce.catch(() => (this.statementsOnce = undefined));
    return this.statementsOnce;
  }

  calendar(): Promise<Calendar> {
    return this.json("calendar");
  }

  async calendarFile(): Promise<Blob> {
    return (await this.call("calendar.ics")).blob();
  }

  /** Listens for what the assistant begins, for as long as the conversation is open. */
  async listen(onReply: (reply: Reply) => void): Promise<void> {
    for (;;) {
      try {
        await this.listenOnce(onReply);
      } catch (error) {
        if (hasEnded(error)) return;
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER));
    }
  }

  private async listenOnce(onReply: (reply: Reply) => void): Promise<void> {
    const headers = { ...this.headers(), "Last-Event-ID": this.lastEvent };
    const response = await fetch("/webhooks/web/events", { headers });
    if (!response.ok || !response.body) throw new Failure(words.broken, response.status);
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const events = (text + decoder.decode(value, { stream: true })).split("\n\n");
      text = events.pop()!;
      for (const event of events) {
        const id = /^id: (\d+)$/m.exec(event)?.[1];
        const data = /^data: (.*)$/m.exec(event)?.[1];
        if (!id || !data) continue; // a sign of life
        this.lastEvent = id;
        onReply(JSON.parse(data));
      }
    }
  }

  private async openSession(): Promise<void> {
    this.keeper.set("session", "");
    const { session } = await this.json<{ session: string }>("session", "POST");
    // Scripts cannot see the cookie. Whether the browser took it shows in the next call only.
    if ((await this.history()) === undefined) this.keeper.set("session", session);
  }

  private headers(): Record<string, string> {
    const token = this.keeper.get("session");
    return token ? { Authorization: `Bearer ${token}` } : {};
  }

  private async json<T>(name: string, method = "GET", body?: object): Promise<T> {
    return (await this.call(name, method, body)).json();
  }

  private async call(name: string, method = "GET", body?: object): Promise<Response> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), PATIENCE);
    try {
      const response = await fetch(`/webhooks/web/${name}`, {
        method,
        headers: { "Content-Type": "application/json", ...this.headers() },
        body: body && JSON.stringify(body),
        signal: late.signal,
      });
      if (response.ok) return response;
      // A proxy in between may answer in HTML.
      const told = await response.json().catch(() => undefined);
      throw new Failure(told?.error ?? words.broken, response.status);
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw new Failure(late.signal.aborted ? words.too_slow : words.unreachable);
    } finally {
      clearTimeout(timer);
    }
  }
}

function hasEnded(error: unknown): boolean {
  return error instanceof Failure && error.status === 401;
}
