/** What the server has written into the page: the clinic, the greeting, the strings. */
import type english from "../public/strings/en.json";

export type Words = typeof english;

export interface QuickReply {
  title: string;
  payload: string;
}

/** One date of the family's calendar. */
export interface Appointment {
  date: string;
  who: "baby" | "mother";
  what: "injection" | "potassium" | "blood_count";
}

/** One message of the assistant, as all channels have it. */
export interface Reply {
  kind: string;
  text: string;
  statements: string[];
  references: number[];
  buttons: QuickReply[];
  schedule: Appointment[] | null;
}

export interface Facts {
  lang: string;
  words: Words;
  clinic: {
    name: string;
    phone: string;
    hours: string;
    emergency_number: string;
    crisis_line: string;
  };
  greeting: string;
  questions: string[];
  reviewed: boolean;
  sites: string[];
  alarms: { words: string; reply: Reply }[];
}

export const facts: Facts = JSON.parse(document.getElementById("facts")!.textContent!);
export const words = facts.words;

/** What the assistant says first. */
export const GREETING: Reply = {
  kind: "smalltalk",
  text: facts.greeting,
  statements: [],
  references: [],
  buttons: facts.questions.map((title) => ({ title, payload: title })),
  schedule: null,
};

/** The language of all answers; the page around them may be in another. */
export const ANSWERS_LANGUAGE = "en";

/** A string with its places filled in. */
export function filled(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}

/** What the clinic's page wishes for, from the frame's address. */
const wishes = new URLSearchParams(location.search);
export const assistantName = wishes.get("name")?.slice(0, 40) || words.name;
export const wishedColor = /^[\da-f]{6}$/i.exec(wishes.get("color") ?? "")?.[0];
