import type { RunCommand } from './command.ts';
import type { CommandName } from './command-table.ts';

/** How each command is loaded: nobody shall wait for what another one needs. */
export const COMMAND_LOADERS: { readonly [Name in CommandName]: () => Promise<RunCommand<Name>> } = {
  serve: async () => (await import('./serve-command.ts')).runServe,
  ingest: async () => (await import('./ingest-command.ts')).runIngest,
  're-ingest': async () => (await import('./re-ingest-command.ts')).runReIngest,
  preview: async () => (await import('./preview-command.ts')).runPreview,
  generate: async () => (await import('./generate-command.ts')).runGenerate,
  list: async () => (await import('./list-command.ts')).runList,
  status: async () => (await import('./status-command.ts')).runStatus,
  pause: async () => (await import('./move-command.ts')).runMove('pause'),
  resume: async () => (await import('./move-command.ts')).runMove('resume'),
  cancel: async () => (await import('./move-command.ts')).runMove('cancel'),
  delete: async () => (await import('./delete-command.ts')).runDelete,
  verify: async () => (await import('./verify-command.ts')).runVerify,
  chunks: async () => (await import('./chunks-command.ts')).runChunks,
  chunk: async () => (await import('./chunk-command.ts')).runChunk,
  rejects: async () => (await import('./rejects-command.ts')).runRejects,
  circuits: async () => (await import('./circuits-command.ts')).runCircuits,
  receiver: async () => (await import('./receiver-command.ts')).runReceiver,
  doctor: async () => (await import('./doctor-command.ts')).runDoctor,
  config: async () => (await import('./config-command.ts')).runConfig,
  backup: async () => (await import('./backup-command.ts')).runBackup,
  import: async () => (await import('./import-command.ts')).runImport,
  'token create': async () => (await import('./token-command.ts')).runTokenCreate,
  'token list': async () => (await import('./token-command.ts')).runTokenList,
  'token revoke': async () => (await import('./token-command.ts')).runTokenRevoke,
  completion: async () => (await import('./completion-command.ts')).runCompletion,
};
