/** The family's calendar: as a list, as a picture, on paper, as a file. */
import { html, nothing, render, type TemplateResult } from "lit";
import { facts, filled, words, type Appointment } from "./facts";
import { blocks } from "./marks";
import type { Calendar } from "./server";

const SHOWN = 5; // the next weeks; the others are one tap away
const LET_GO_AFTER = 10_000; // milliseconds in which a browser has taken the file

// A region such as "en-GB" knows how its people write dates.
const locale = navigator.language.startsWith(facts.lang) ? navigator.language : facts.lang;
let dates: Intl.DateTimeFormat | undefined; // made with the first date: it takes a slow phone a while

/** A calendar day such as 2026-11-20, as it is written in the parent's language. */
export function dateText(day: string): string {
  dates ??= new Intl.DateTimeFormat(locale, {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    timeZone: "UTC", // a calendar day is the same everywhere
  });
  return dates.format(new Date(day));
}

export function appointments(schedule: Appointment[]): TemplateResult {
  const later = schedule.slice(SHOWN);
  return html`<section class="dates" lang=${facts.lang} dir=${words.direction} aria-label=${words.dates}>
    ${list(schedule.slice(0, SHOWN))}
    ${later.length
      ? html`<details>
          <summary>${filled(words.more_dates, { count: later.length })}</summary>
          ${list(later)}
        </details>`
      : nothing}
  </section>`;
}

function list(schedule: Appointment[]): TemplateResult {
  return html`<ol>
    ${schedule.map(
      ({ date, who, what }) =>
        html`<li class=${what === "injection" ? "injection" : "check"}>
          <time datetime=${date}>${dateText(date)}</time>
          <span>${what === "injection" ? words[`injection_${who}`] : words[what]}</span>
        </li>`,
    )}
  </ol>`;
}

/** The timeline, folded; it is fetched when it is unfolded. */
export function picture(isOpen: boolean, load: () => Promise<Calendar>): TemplateResult {
  const show = async (event: Event) => {
    const details = event.target as HTMLDetailsElement;
    const place = details.querySelector("div")!;
    if (!details.open || place.childElementCount) return;
    try {
      render(image(await load()), place);
    } catch {
      details.open = false; // the list above says the same
    }
  };
  return html`<details class="picture" ?open=${isOpen} @toggle=${show}>
    <summary lang=${facts.lang} dir=${words.direction}>${words.picture}</summary>
    <div></div>
  </details>`;
}

function image({ timeline, description }: Calendar): TemplateResult {
  const source = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(timeline)}`;
  return html`<img class="timeline" alt=${description} src=${source} />`;
}

/** Prints one page: the dates, blank lines for questions, the clinic. */
export async function printCalendar(calendar: Calendar, paper: HTMLElement): Promise<void> {
  const { name, phone, hours } = calendar.clinic;
  const lines = Array.from({ length: calendar.question_lines }, () => html`<p class="line"></p>`);
  render(
    html`<h1>${calendar.title}</h1>
      ${image(calendar)} ${blocks(calendar.text, "schedule", () => undefined)}
      <h2>${calendar.questions}</h2>
      ${lines}
      <h2>${calendar.clinic_heading}</h2>
      <p>${name}, ${phone}, ${hours}</p>`,
    paper,
  );
  await paper.querySelector("img")?.decode();
  document.body.classList.add("prints-paper");
  window.print();
  document.body.classList.remove("prints-paper");
}

/** Hands the calendar file to the browser, which offers to open or keep it. */
export function saveFile(file: Blob): void {
  const href = URL.createObjectURL(file);
  Object.assign(document.createElement("a"), { href, download: "b12-calendar.ics" }).click();
  setTimeout(() => URL.revokeObjectURL(href), LET_GO_AFTER);
}
