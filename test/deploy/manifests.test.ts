import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { loadConfig } from '../../src/config.ts';
import { MAX_PREVIEWS } from '../../src/ingestion/preview-service.ts';
import { MAX_REBUILDS } from '../../src/ingestion/rebuild-chunk.ts';
import { MAX_VERIFICATIONS } from '../../src/ingestion/verify-service.ts';
import { setScene } from '../harness/scene.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { readProjectFile } from '../repo/project-files.ts';

const TOKEN = 'a-token-of-the-tests';
/** Where the packed program lies in what `npm install --prefix /opt/ackstream` makes. */
const PROGRAM = '/opt/ackstream/node_modules/ackstream/dist/src/cli/main.js';
const STATE_FOLDER = '/var/lib/ackstream';
const FEED_FOLDER = '/srv/feeds';
const GIB = 1024 ** 3;

/** The settings of a manifest, as the service takes them: throws where one is wrong or unknown. */
const settingsOf = (env: Readonly<Record<string, string>>) => loadConfig({ env, cwd: STATE_FOLDER });

const dockerfile = readProjectFile('deploy/Dockerfile').replace(/\\\n\s*/g, '');
const runtimeStage = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
const imageEnv = Object.fromEntries(
  Array.from(/^ENV (.*)$/m.exec(runtimeStage)?.[1]?.matchAll(/(\w+)=(\S+)/g) ?? [], ([, name = '', value = '']) => [
    name,
    value,
  ]),
);

/** The argument list of an instruction in its exec form. */
function execForm(instruction: RegExp): string[] {
  const [, list = ''] = instruction.exec(runtimeStage) ?? [];
  return JSON.parse(list) as string[];
}

describe('deploy/Dockerfile', () => {
  it('sets what the service takes, and keeps what it writes below the one volume', () => {
    const config = settingsOf({ ...imageEnv, ACKSTREAM_API_TOKEN: TOKEN });
    expect(config).toMatchObject({ host: '0.0.0.0', port: 8000, sourceRoots: [FEED_FOLDER] });
    for (const folder of [config.dataDir, config.logDir]) expect(folder.startsWith(`${STATE_FOLDER}/`)).toBe(true);
    expect(runtimeStage).toMatch(new RegExp(`^VOLUME ${STATE_FOLDER}$`, 'm'));
    expect(runtimeStage).toMatch(/^EXPOSE 8000$/m);
  });

  it('runs the packed program, not as root, without a shell or a launcher before it', () => {
    expect(execForm(/^ENTRYPOINT (.*)$/m)).toEqual(['node', PROGRAM]);
    expect(execForm(/^CMD (.*)$/m)).toEqual(['serve']);
    expect(runtimeStage).toMatch(/^USER 1000:1000$/m);
    expect(readProjectFile('bin/ackstream.js')).toContain("'dist', 'src', 'cli', 'main.js'");
  });

  it('is of one Node in all stages, that of the project', () => {
    const bases = Array.from(dockerfile.matchAll(/^FROM (\S+)/gm), ([, base]) => base);
    expect(bases).toEqual(Array(3).fill(`node:${process.versions.node.split('.')[0]}-slim`));
  });

  it('has a health check that tells a service that answers from one that does not', async () => {
    const [node, ...args] = execForm(/^HEALTHCHECK .*? CMD (.*)$/m);
    expect(node).toBe('node');
    const { service } = await setScene({ recordCount: 0 });
    const inside = `http://127.0.0.1:${imageEnv.ACKSTREAM_PORT}`;
    expect(args.join(' ')).toContain(`${inside}/health/live`);
    const against = async (url: string) => {
      const check = spawn(
        process.execPath,
        args.map((arg) => arg.replace(inside, url)),
      );
      const [code] = await once(check, 'exit');
      return code;
    };
    expect(await against(service.url)).toBe(0);
    await service.stop();
    expect(await against(service.url)).toBe(1);
  });

  it('takes nothing into the image that is secret, built or installed', () => {
    const ignored = readProjectFile('deploy/Dockerfile.dockerignore').split('\n');
    for (const name of ['.env*', 'data', 'logs', 'node_modules', 'dist', '.git', 'bench/generated']) {
      expect(ignored).toContain(name);
    }
  });
});

interface ComposeService {
  readonly environment?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  readonly [member: string]: unknown;
}

describe('deploy/compose.yaml', () => {
  const { services, volumes } = parse(readProjectFile('deploy/compose.yaml')) as {
    readonly services: Readonly<Record<'ackstream' | 'receiver', ComposeService>>;
    readonly volumes: object;
  };
  const locked = { read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] };

  it('has settings that the service takes, and lets it call the receiver where that listens', () => {
    const { ackstream, receiver } = services;
    const config = settingsOf({ ...imageEnv, ...ackstream.environment, ACKSTREAM_API_TOKEN: TOKEN });
    const port = receiver.command?.[receiver.command.indexOf('--port') + 1];
    expect(config.callbackAllow).toEqual([`receiver:${port}`]);
    expect(JSON.stringify(receiver.healthcheck)).toContain(`http://127.0.0.1:${port}/health'`);
    expect(ackstream.environment?.ACKSTREAM_API_TOKEN).toMatch(/^\$\{ACKSTREAM_API_TOKEN:\?/);
  });

  it('gives both nothing to write to but their volume and /tmp, and the host no port but on loopback', () => {
    const { ackstream, receiver } = services;
    expect(ackstream).toMatchObject({ ...locked, ports: ['127.0.0.1:8000:8000'] });
    expect(receiver).toMatchObject(locked);
    expect(receiver).not.toHaveProperty('ports');
    expect(ackstream.volumes).toEqual([`state:${STATE_FOLDER}`, `\${FEEDS:-../fixtures/demo}:${FEED_FOLDER}:ro`]);
    expect(receiver.volumes).toEqual([`received:${STATE_FOLDER}`]);
    expect(Object.keys(volumes)).toEqual(['state', 'received']);
    expect(ackstream.build).toEqual({ context: '..', dockerfile: 'deploy/Dockerfile' });
  });
});

interface EnvEntry {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
}

interface Container {
  readonly env: readonly EnvEntry[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly [member: string]: unknown;
}

describe('deploy/kubernetes.yaml', () => {
  const documents = parseAllDocuments(readProjectFile('deploy/kubernetes.yaml'));
  const [service, workload] = documents.map((document) => document.toJS()) as [
    { readonly spec: { readonly selector: object; readonly ports: readonly object[] } },
    {
      readonly spec: {
        readonly replicas: number;
        readonly selector: { readonly matchLabels: object };
        readonly volumeClaimTemplates: readonly { readonly metadata: { readonly name: string } }[];
        readonly template: {
          readonly metadata: { readonly labels: object };
          readonly spec: {
            readonly containers: readonly [Container];
            readonly volumes: readonly { readonly name: string }[];
            readonly securityContext: object;
          };
        };
      };
    },
  ];
  const { replicas, selector, template, volumeClaimTemplates } = workload.spec;
  const [container] = template.spec.containers;

  it('is sound YAML, one service of one instance, found by its label', () => {
    expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
    expect(replicas).toBe(1);
    expect(template.metadata.labels).toEqual(selector.matchLabels);
    expect(service.spec.selector).toEqual(selector.matchLabels);
    expect(service.spec.ports).toEqual([{ name: 'http', port: 8000, targetPort: 'http' }]);
    expect(container.ports).toEqual([{ name: 'http', containerPort: Number(imageEnv.ACKSTREAM_PORT) }]);
  });

  it('has settings that the service takes, and secrets by reference alone', () => {
    const secret = /SECRET|TOKEN/;
    const env = container.env.map(({ name, value }) => [
      name,
      value ?? (name.endsWith('SECRET') ? `whsec_${Buffer.alloc(24).toString('base64')}` : TOKEN),
    ]);
    expect(settingsOf({ ...imageEnv, ...(Object.fromEntries(env) as Record<string, string>) }).maxRunning).toBe(2);
    for (const { name, value, valueFrom } of container.env.filter((entry) => secret.test(entry.name))) {
      expect(value, name).toBeUndefined();
      expect(valueFrom?.secretKeyRef.name, name).toBe('ackstream');
    }
  });

  it('may take the memory of all threads that may read at once, as the pages count it', () => {
    const { maxRunning, workerMemoryBytes } = settingsOf({
      ...imageEnv,
      ACKSTREAM_API_TOKEN: TOKEN,
      ACKSTREAM_MAX_RUNNING: '2',
    });
    const besideRuns = MAX_PREVIEWS + MAX_VERIFICATIONS + MAX_REBUILDS;
    const { limits } = container.resources as { readonly limits: { readonly memory: string } };
    expect(limits.memory).toBe(`${((maxRunning + besideRuns) * workerMemoryBytes) / GIB + 1}Gi`);
    for (const page of ['deploy/kubernetes.yaml', 'docs/deploy.md', 'docs/operations.md']) {
      expect(readProjectFile(page), page).toContain(
        `(ACKSTREAM_MAX_RUNNING + ${besideRuns}) × ACKSTREAM_WORKER_MEMORY`,
      );
    }
  });

  it('probes paths that the service answers without a token', async () => {
    const scene = await setScene({ recordCount: 0, env: { ACKSTREAM_API_TOKEN: TOKEN } });
    for (const name of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      const { httpGet } = container[name] as { readonly httpGet: { readonly path: string; readonly port: string } };
      expect(httpGet.port, name).toBe('http');
      expect((await scene.service.api.callForText('GET', httpGet.path)).status, name).toBe(200);
    }
  });

  it('may write to its volume and /tmp alone, and is not root', () => {
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(template.spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(container.volumeMounts).toEqual([
      { name: 'state', mountPath: STATE_FOLDER },
      { name: 'feeds', mountPath: FEED_FOLDER, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
    ]);
    const volumes = [...volumeClaimTemplates.map(({ metadata }) => metadata), ...template.spec.volumes];
    expect(volumes.map(({ name }) => name).toSorted()).toEqual(['feeds', 'state', 'tmp']);
  });
});

describe('deploy/ackstream.service', () => {
  const unit = readProjectFile('deploy/ackstream.service');
  const valuesOf = (name: string) =>
    Array.from(unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm')), ([, value]) => value);

  it('has settings that the service takes, and folders of systemd for what it writes', () => {
    const env = Object.fromEntries(valuesOf('Environment').map((entry = '') => entry.split('=', 2)));
    const config = settingsOf(env as Record<string, string>);
    expect(config.dataDir).toBe(`/var/lib/${valuesOf('StateDirectory')[0]}/data`);
    expect(config.logDir).toBe(`/var/log/${valuesOf('LogsDirectory')[0]}`);
    expect(config.sourceRoots).toEqual([FEED_FOLDER]);
    expect(valuesOf('ExecStart')).toEqual([`/usr/bin/node ${PROGRAM} serve`]);
    for (const name of ['NoNewPrivileges', 'PrivateTmp', 'PrivateDevices']) expect(valuesOf(name)).toEqual(['yes']);
    expect(valuesOf('ProtectSystem')).toEqual(['strict']);
  });

  it('is what systemd takes', (context) => {
    const file = join(tempFolder(), 'ackstream.service');
    // Any program that is there.
    writeFileSync(file, unit.replace('/usr/bin/node', process.execPath));
    const { error, status, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    if (error !== undefined) return context.skip('there is no systemd-analyze here');
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
