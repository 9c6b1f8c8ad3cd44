import { registerHooks } from 'node:module';
import { DELIVERY_MUTATIONS } from './delivery-mutations.ts';
import { INGESTION_MUTATIONS } from './ingestion-mutations.ts';
import type { Mutation } from './mutation.ts';
import { STATE_MUTATIONS } from './state-mutations.ts';

/** Every bug that can be planted. */
export const MUTATIONS: readonly Mutation[] = [...DELIVERY_MUTATIONS, ...STATE_MUTATIONS, ...INGESTION_MUTATIONS];

/** A file's text with the bug in it. Throws where the place is not there, or there more than once. */
export function mutate({ name, find, file, replacement }: Mutation, text: string): string {
  const placeCount = text.split(find).length - 1;
  if (placeCount !== 1) throw new Error(`mutation ${name}: its place is ${placeCount} times in ${file}, not once`);
  return text.replace(find, () => replacement);
}

/** Plants a bug in this process, in whatever is imported after this. No file is written. */
export function plantMutation(name: string): void {
  const mutation = MUTATIONS.find((one) => one.name === name);
  if (mutation === undefined) throw new Error(`there is no mutation ${name}`);
  const url = new URL(`../../../${mutation.file}`, import.meta.url).href;
  registerHooks({
    load(loadedUrl, context, nextLoad) {
      const loaded = nextLoad(loadedUrl, context);
      if (loadedUrl !== url) return loaded;
      const text =
        typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source as Uint8Array).toString();
      return { ...loaded, source: mutate(mutation, text) };
    },
  });
}
