/** Finds words of danger in a message that the server cannot read, so that help is named even then. */
import { facts, type Reply } from "./facts";

/** The message of safety.yml for a text; the patterns are the server's own. */
export function alarmFor(text: string): Reply | undefined {
  const readable = plain(text);
  return facts.alarms.find(({ words }) => new RegExp(words, "u").test(readable))?.reply;
}

const SHORT_NOT = /\b(is|are|was|do|does|did|has|have|ca|wo)n['\u2019]?t\b/g;
const LONG: Record<string, string> = { ca: "can", wo: "will" };

/** A text as the patterns expect it: lower case, "is not" for "isn't", one blank around each word. */
function plain(text: string): string {
  const letters = text
    .normalize("NFKD")
    .toLowerCase()
    .replace(SHORT_NOT, (_, verb: string) => `${LONG[verb] ?? verb} not`)
    .replace(/[\u0300-\u036f'\u2019]/g, "");
  return ` ${letters.replace(/[^\p{L}\p{M}\p{N}]+/gu, " ").trim()} `;
}
