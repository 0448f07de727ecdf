/** The clinic's colour, only where any colour can be read: the head, the buttons, the mark. */
import { wishedColor } from "./facts";

/** Puts the colour of the frame's address into the styles, with black or white on it. */
export function applyColor(): void {
  if (!wishedColor) return;
  const style = document.documentElement.style;
  style.setProperty("--brand", `#${wishedColor}`);
  style.setProperty("--on-brand", luminance(wishedColor) > 0.179 ? "#000" : "#fff");
}

/** Relative luminance as WCAG defines it; 0.179 is where black and white contrast alike. */
function luminance(hex: string): number {
  const [red, green, blue] = [0, 2, 4].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
