import { encodeTexts, type FeedWriter } from './feed-writer.ts';
import type { Product, Products } from './product.ts';
import { escapeAttribute, escapeText } from './xml-text.ts';

/** XML: `catalog/products/product`, with attributes, nested and repeated elements, CDATA, entities and empty elements. */
export const writeXmlFeed: FeedWriter = (products) => encodeTexts(documentOf(products));

function* documentOf(products: Products): Generator<string> {
  yield '<?xml version="1.0" encoding="UTF-8"?>\n<catalog>\n<!-- generated -->\n<products>\n';
  for (const product of products) yield productElement(product);
  yield '</products>\n</catalog>\n';
}

function productElement(product: Product): string {
  const { price, attributes, rating } = product;
  return `<product id="${product.id}" active="${product.active}">
  <sku>${product.sku}</sku>
  <ean>${product.ean}</ean>
  <name lang="de">${escapeText(product.name)}</name>
  <brand>${escapeText(product.brand)}</brand>
  <description>${cdata(product.description)}</description>
  <price currency="${price.currency}" tax="${price.tax}" discounted="${price.discounted}">${price.amount}</price>
${product.stock.map(({ warehouse, quantity }) => `  <stock warehouse="${warehouse}">${quantity}</stock>\n`).join('')}\
${product.categories.map((category) => `  <category>${escapeText(category)}</category>\n`).join('')}\
  <attributes>
    <color>${escapeText(attributes.color)}</color>
    <size unit="cm"><width>${attributes['width-cm']}</width><height>${attributes['height-cm']}</height></size>
    <weight unit="kg">${attributes['weight-kg']}</weight>
    <material>${escapeText(attributes.material)}</material>
  </attributes>
${product.images.map(({ url, alt }) => `  <image url="${escapeAttribute(url)}" alt="${escapeAttribute(alt)}"/>\n`).join('')}\
  <rating count="${rating.count}">${rating.average}</rating>
  <listed at="${product.listedAt}" available-from="${product.availableFrom}"/>
  <assembly unit="min">${product.assemblyMinutes}</assembly>
  <note>${escapeText(product.note)}</note>
  ${product.successor === null ? '<successor/>' : `<successor>${product.successor}</successor>`}
</product>
`;
}

/** A text as CDATA; where it holds the end of one, as two. */
function cdata(text: string): string {
  return `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
}
