const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
};

/** A text as the content of an element. It must hold no characters that XML 1.0 has none for. */
export function escapeText(text: string): string {
  return text.replace(/[&<>]/g, (character) => ENTITIES[character] ?? character);
}

/** A text as the value of an attribute between double quotes, its line ends and tabs kept. As with {@link escapeText}. */
export function escapeAttribute(text: string): string {
  return text.replace(/[&<>"\t\n]/g, (character) => ENTITIES[character] ?? character);
}
