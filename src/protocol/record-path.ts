import { z } from 'zod';
import type { FileType } from '../model/ingestion.ts';

const START =
  ':A-Z_a-z\\xC0-\\xD6\\xD8-\\xF6\\xF8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD\\u{10000}-\\u{EFFFF}';
/** https://www.w3.org/TR/xml/#NT-Name */
const XML_NAME = new RegExp(`^[${START}][${START}.0-9\\xB7\\u0300-\\u036F\\u203F\\u2040-]*$`, 'u');

const DOTTED_FORM = 'must be names joined by dots, such as products.items; leave it out for a top-level array';
const XML_FORM = 'must be the name of an element, or its path from the root such as catalog/products/product';

/** What takes the record path of a type, docs/protocol.md "Asking for an ingestion". */
export function recordPathSchema(fileType: FileType): z.ZodType<string> {
  switch (fileType) {
    case 'json':
      return z.string().refine((path) => path.split('.').every((name) => name !== ''), { error: DOTTED_FORM });
    case 'xml':
      return z.string().refine((path) => path.split('/').every((name) => XML_NAME.test(name)), { error: XML_FORM });
    case 'ndjson':
    case 'csv':
    case 'excel':
      return z.never({ error: `has no meaning: ${fileType} files have no record path` });
  }
}
