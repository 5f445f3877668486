import type { FieldPacket } from 'mysql2';
import { badRequest, DataApiFailure } from './data-api-failure.ts';

/** MySQL's protocol: https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html */
const TYPE = {
  DECIMAL: 0,
  TINY: 1,
  SHORT: 2,
  LONG: 3,
  FLOAT: 4,
  DOUBLE: 5,
  NULL: 6,
  TIMESTAMP: 7,
  LONGLONG: 8,
  INT24: 9,
  DATE: 10,
  TIME: 11,
  DATETIME: 12,
  YEAR: 13,
  NEWDATE: 14,
  VARCHAR: 15,
  BIT: 16,
  JSON: 245,
  NEWDECIMAL: 246,
  TINY_BLOB: 249,
  MEDIUM_BLOB: 250,
  LONG_BLOB: 251,
  BLOB: 252,
  VAR_STRING: 253,
  STRING: 254,
} as const;

const NOT_NULL = 1;
const UNSIGNED = 32;
const BINARY = 128;
const AUTO_INCREMENT = 512;
const BINARY_CHARSET = 63;
const ROW_BYTES_MAX = 65_536;

export interface ResultOptions {
  readonly decimalReturnType?: 'STRING' | 'DOUBLE_OR_LONG' | undefined;
  readonly longReturnType?: 'STRING' | 'LONG' | undefined;
}

/** java.sql.Types and MySQL's name of a type, as the Data API's driver tells them. */
interface ColumnType {
  readonly jdbc: number;
  readonly name: string;
  readonly kind: 'boolean' | 'long' | 'double' | 'decimal' | 'string' | 'blob' | 'unsupported';
}

interface RawField extends FieldPacket {
  readonly characterSet: number;
  readonly columnLength: number;
}

function typeOf(field: RawField): ColumnType {
  const binary = field.characterSet === BINARY_CHARSET;
  const text = (name: string, jdbc: number): ColumnType => ({ jdbc, name, kind: 'string' });
  const long = (name: string, jdbc: number): ColumnType => ({
    jdbc,
    name: (Number(field.flags) & UNSIGNED) > 0 ? `${name} UNSIGNED` : name,
    kind: 'long',
  });
  switch (field.columnType) {
    case TYPE.TINY:
      return field.columnLength === 1 ? { jdbc: -7, name: 'TINYINT', kind: 'boolean' } : long('TINYINT', -6);
    case TYPE.BIT:
      return field.columnLength === 1
        ? { jdbc: -7, name: 'BIT', kind: 'boolean' }
        : { jdbc: -3, name: 'BIT', kind: 'blob' };
    case TYPE.SHORT:
    case TYPE.YEAR:
      return long('SMALLINT', 5);
    case TYPE.INT24:
      return long('MEDIUMINT', 4);
    case TYPE.LONG:
      return long('INT', 4);
    case TYPE.LONGLONG:
      return long('BIGINT', -5);
    case TYPE.FLOAT:
      return { jdbc: 7, name: 'FLOAT', kind: 'double' };
    case TYPE.DOUBLE:
      return { jdbc: 8, name: 'DOUBLE', kind: 'double' };
    case TYPE.DECIMAL:
    case TYPE.NEWDECIMAL:
      return { jdbc: 3, name: 'DECIMAL', kind: 'decimal' };
    case TYPE.DATE:
    case TYPE.NEWDATE:
      return text('DATE', 91);
    case TYPE.TIME:
      return text('TIME', 92);
    case TYPE.DATETIME:
      return text('DATETIME', 93);
    case TYPE.TIMESTAMP:
      return text('TIMESTAMP', 93);
    case TYPE.NULL:
      return text('NULL', 0);
    case TYPE.JSON:
      return text('JSON', -1);
    case TYPE.VARCHAR:
    case TYPE.VAR_STRING:
      return binary ? { jdbc: -3, name: 'VARBINARY', kind: 'blob' } : text('VARCHAR', 12);
    case TYPE.STRING:
      return binary ? { jdbc: -2, name: 'BINARY', kind: 'blob' } : text('CHAR', 1);
    case TYPE.TINY_BLOB:
    case TYPE.BLOB:
    case TYPE.MEDIUM_BLOB:
    case TYPE.LONG_BLOB:
      return binary ? { jdbc: -4, name: 'BLOB', kind: 'blob' } : text('TEXT', -1);
    default:
      return { jdbc: 1111, name: 'OTHER', kind: 'unsupported' };
  }
}

export interface EncodedResult {
  readonly records: readonly unknown[];
  readonly columnMetadata: readonly unknown[];
  /** One object per row under its column labels: for `formatRecordsAs`. */
  readonly labelled: () => string;
}

/** MySQL's rows, as bytes, as the Data API's fields. Throws for a row above 64 KB and for types that it does not support. */
export function encodeResult(
  rows: readonly (readonly (Buffer | null)[])[],
  packets: readonly FieldPacket[],
  options: ResultOptions,
): EncodedResult {
  const fields = packets as readonly RawField[];
  const types = fields.map(typeOf);
  const unsupported = types.findIndex((type) => type.kind === 'unsupported');
  if (unsupported >= 0) {
    const name = fields[unsupported]!.name;
    throw new DataApiFailure(400, 'UnsupportedResultException', `The result contains the unsupported type of ${name}.`);
  }
  const values = rows.map((row) => {
    let bytes = 0;
    for (const cell of row) bytes += cell?.length ?? 0;
    if (bytes > ROW_BYTES_MAX) throw badRequest('Packet for query is too large: a row has at most 64 KB.');
    return row.map((cell, i) => (cell === null ? null : encodeCell(cell, types[i]!, options)));
  });
  return {
    records: values.map((row) =>
      row.map((value) => (value === null ? { isNull: true } : { [value.member]: value.content })),
    ),
    columnMetadata: fields.map((field, i) => metadataOf(field, types[i]!)),
    labelled: () =>
      JSON.stringify(
        values.map((row) =>
          Object.fromEntries(row.map((value, i) => [fields[i]!.name, value === null ? null : value.content])),
        ),
      ),
  };
}

interface Value {
  readonly member: string;
  readonly content: unknown;
}

function encodeCell(cell: Buffer, type: ColumnType, options: ResultOptions): Value {
  if (type.kind === 'blob') return { member: 'blobValue', content: cell.toString('base64') };
  if (type.kind === 'boolean') {
    return { member: 'booleanValue', content: type.name === 'BIT' ? cell[0] !== 0 : cell.toString() !== '0' };
  }
  const text = cell.toString('utf8');
  if (type.kind === 'double') return { member: 'doubleValue', content: rawNumber(text) };
  if (type.kind === 'long') {
    return options.longReturnType === 'STRING'
      ? { member: 'stringValue', content: text }
      : { member: 'longValue', content: rawNumber(text) };
  }
  if (type.kind === 'decimal' && options.decimalReturnType === 'DOUBLE_OR_LONG') {
    return { member: text.includes('.') ? 'doubleValue' : 'longValue', content: rawNumber(text) };
  }
  return { member: 'stringValue', content: text };
}

/** All digits on the wire, as the real service sends them: it is the SDK that loses those beyond 2^53. */
export const rawNumber = (text: string): unknown =>
  (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(text).replace(/^(-?)\./, '$10.'));

function metadataOf(field: RawField, type: ColumnType): Record<string, unknown> {
  const flags = Number(field.flags);
  return {
    arrayBaseColumnType: 0,
    isAutoIncrement: (flags & AUTO_INCREMENT) > 0,
    isCaseSensitive: (flags & BINARY) > 0,
    isCurrency: false,
    isSigned: type.kind !== 'string' && type.kind !== 'blob' && (flags & UNSIGNED) === 0,
    label: field.name,
    name: field.orgName === '' ? field.name : field.orgName,
    nullable: (flags & NOT_NULL) > 0 ? 0 : 1,
    precision: precisionOf(field, type),
    scale: type.kind === 'decimal' ? Number(field.decimals) : 0,
    schemaName: field.db ?? '',
    tableName: field.orgTable ?? '',
    type: type.jdbc,
    typeName: type.name,
  };
}

/** Of a decimal MySQL tells the width of its text: sign and point are no digits. */
const precisionOf = (field: RawField, type: ColumnType): number =>
  type.kind === 'decimal'
    ? field.columnLength - (Number(field.decimals) > 0 ? 1 : 0) - ((Number(field.flags) & UNSIGNED) > 0 ? 0 : 1)
    : field.columnLength;
