/** The part of JSON Schema that the OpenAPI document uses. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly description?: string;
  readonly example?: unknown;
  readonly default?: unknown;
}

/** Named schemas of a document. */
export type Components = Readonly<Record<string, JsonSchema>>;

/**
 * Where a value is not what a schema says, each as a path with what is wrong; none: it is. A member that an object's schema does not name is a fault unless that
 * allows more: what is answered and not described nobody would know of.
 */
export function schemaFaults(value: unknown, schema: JsonSchema, components: Components, path = '$'): string[] {
  const within = (inner: JsonSchema) => schemaFaults(value, inner, components, path);
  if (schema.$ref !== undefined) {
    const named = components[schema.$ref.replace('#/components/schemas/', '')];
    return named === undefined ? [`${path}: no ${schema.$ref}`] : within(named);
  }
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) {
    const faults = alternatives.map(within);
    return faults.some((found) => found.length === 0) ? [] : faults.flat();
  }
  if (schema.allOf !== undefined) return schema.allOf.flatMap(within);
  return [...ofValue(value, schema, path), ...ofMembers(value, schema, components, path)];
}

function ofValue(value: unknown, schema: JsonSchema, path: string): string[] {
  const { type, enum: allowed } = schema;
  const faults: string[] = [];
  const types = type === undefined ? null : [type].flat();
  if (types !== null && !types.some((one) => isOfType(value, one))) faults.push(`${path}: not ${types.join(' or ')}`);
  if (allowed !== undefined && !allowed.includes(value)) faults.push(`${path}: not one of ${allowed.join(', ')}`);
  if ('const' in schema && value !== schema.const) faults.push(`${path}: not ${String(schema.const)}`);
  if (typeof value === 'string') faults.push(...ofText(value, schema, path));
  if (typeof value === 'number' && (value < (schema.minimum ?? value) || value > (schema.maximum ?? value))) {
    faults.push(`${path}: out of bounds`);
  }
  return faults;
}

function ofText(text: string, { pattern, format, minLength = 0, maxLength }: JsonSchema, path: string): string[] {
  const faults: string[] = [];
  const length = [...text].length;
  if (length < minLength || length > (maxLength ?? length)) faults.push(`${path}: ${length} characters`);
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(text)) faults.push(`${path}: does not match ${pattern}`);
  if (format === 'date-time' && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text)) {
    faults.push(`${path}: no time`);
  }
  return faults;
}

function ofMembers(value: unknown, schema: JsonSchema, components: Components, path: string): string[] {
  if (Array.isArray(value)) {
    const { items, minItems = 0, maxItems = value.length } = schema;
    const count = value.length < minItems || value.length > maxItems ? [`${path}: ${value.length} items`] : [];
    if (items === undefined) return count;
    return [...count, ...value.flatMap((one, index) => schemaFaults(one, items, components, `${path}[${index}]`))];
  }
  if (typeof value !== 'object' || value === null) return [];
  const { properties = {}, required = [], additionalProperties = schema.properties === undefined } = schema;
  const missing = required.filter((name) => !(name in value)).map((name) => `${path}.${name}: missing`);
  const wrong = Object.entries(value).flatMap(([name, member]) => {
    const further = additionalProperties === true ? {} : additionalProperties;
    const described = Object.hasOwn(properties, name) ? properties[name] : further;
    return described === false || described === undefined
      ? [`${path}.${name}: not described`]
      : schemaFaults(member, described, components, `${path}.${name}`);
  });
  return [...missing, ...wrong];
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}
