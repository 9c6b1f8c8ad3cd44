/** Characters that a terminal obeys, that break lines, or that reorder them (Unicode's Bidi_Control), and halves of characters. */
const OBEYED = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** A text from outside (a path, a receiver's words) as it may be shown on a terminal: in one line, and without commands to it. */
export function terminalText(text: string): string {
  return text.replace(OBEYED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
