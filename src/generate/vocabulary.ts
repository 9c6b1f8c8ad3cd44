/** What generated products are made of: few words, as in real feeds, which are where umlauts and markup are. */
export const WORDS: readonly string[] =
  'Größe Wärme Übergang Holz Edelstahl matt glänzend für Küche Büro Garten Außenbereich robust leicht pflegeleicht mit drei Jahren Garantie und Zubehör aus nachhaltiger Fertigung'.split(
    ' ',
  );

export const BRANDS: readonly string[] = [
  'Möbelwerk',
  'Nordlicht',
  'Küchenträume',
  'Alpenglück',
  'Café Noir',
  'Hausrat & Söhne',
];

export const CATEGORIES: readonly string[] = [
  'Garten',
  'Wohnen > Sofas',
  'Küche > Töpfe',
  'Büro',
  'Beleuchtung',
  'Bad & WC',
  'Restposten',
];

export const COLORS: readonly string[] = ['weiß', 'schwarz', 'anthrazit', 'naturgrün', 'himmelblau'];

export const COUNTRIES = ['DE', 'AT', 'CH', 'FR', 'PL'] as const;

/** What is easily taken for something else, cut at the wrong place, or lost. */
export const AWKWARD_TEXTS: readonly string[] = [
  '0012',
  '.5',
  '1e5',
  '-0',
  'true',
  'null',
  'NaN',
  '2024-02-30',
  '=SUM(A1:A3)',
  '@import',
  '__proto__',
  ' Leerzeichen an beiden Enden ',
  'Zeile eins\nZeile zwei',
  'mit "Anführungszeichen", Komma; Semikolon\tund Tabulator',
  '"',
  "'",
  ',;\t|',
  '<b>fett</b> & mehr &amp; ]]> noch mehr',
  '<!-- -->',
  'C:\\Ablage\\neu\\u0041',
  '\u{1f6cb}\ufe0f\u{1f469}\u200d\u{1f373} \u{1f1e9}\u{1f1ea}',
  '日本語の説明',
  'وصف المنتج',
  'e\u0301 und \u00e9',
  '\ufeffBOM',
  '\u2028\u2029',
];
