import type { XmlFormat } from '../model/format.ts';
import { ByteWindow } from './byte-window.ts';
import type { Reader } from './reader.ts';
import { enterDocument } from './xml/document-start.ts';
import { XmlRecords } from './xml/xml-records.ts';

/**
 * A reader of XML in UTF-8, whatever encoding the document says it is in; see {@link Reader}. The state of a position names the elements that are open
 * there.
 */
export function createXmlReader(format: XmlFormat): Reader {
  return {
    async *read(source, from, options) {
      const window = new ByteWindow(source, from);
      try {
        if (from === null) await enterDocument(window);
        const records = new XmlRecords(window, format, options, from);
        do {
          await window.fill(records.neededBytes);
          records.advance();
          if (records.batch.length > 0) yield records.batch.take();
          if (records.failure !== null) throw records.failure;
        } while (!records.isDone);
      } finally {
        await window.close();
      }
    },
  };
}
