/**
 * The published parquet file: of an asset, only the columns asked for, from its row groups alone.
 *
 * @typedef {import("hyparquet").FileMetaData} FileMetaData
 * @typedef {{ id: string, rows: [number, number] | null }} Place  the rows of an asset: first, count
 * @typedef {Map<string, unknown[]>} Columns
 */
import { decompress } from "fzstd";
import { parquetMetadataAsync, parquetRead } from "hyparquet";
import { ranges } from "./fetching.js";
import { Trouble } from "./trouble.js";

const FOOTER = 1 << 16; // bytes that hold the footer of some 200 assets
const compressors = {
  /** @param {Uint8Array} input @param {number} length */
  ZSTD: (input, length) => decompress(input, new Uint8Array(length)),
};
const parsers = {
  /** @param {bigint} micros */
  timestampFromMicroseconds: (micros) => micros,
};

export class Published {
  /** @param {{ path: string, bytes: number }} file */
  constructor(file) {
    this.path = file.path;
    this.file = ranges(file);
    /** @type {Promise<FileMetaData> | undefined} */
    this.footer = undefined;
  }

  /** The footer, read once; after a failure it is asked for again. */
  metadata() {
    this.footer ??= this.#damaged(
      parquetMetadataAsync(this.file, { initialFetchSize: FOOTER, parsers, geoparquet: false }),
    ).catch((error) => {
      this.footer = undefined;
      throw error;
    });
    return this.footer;
  }

  /**
   * The values of one asset, by column, in the order of its rows.
   *
   * @param {Place} place
   * @param {string[]} names
   * @returns {Promise<Columns>}
   */
  async read({ id, rows }, names) {
    const [start, count] = rows ?? [0, 0];
    const columns = ["canonical_id", ...names];
    const found = new Map(columns.map((name) => [name, new Array(count).fill(null)]));
    if (count === 0) return found;
    const metadata = await this.metadata();
    const [rowStart, rowEnd] = wholeGroups(metadata, start, start + count);
    await this.#damaged(
      parquetRead({
        ...{ file: this.file, metadata, columns, compressors, parsers, rowStart, rowEnd },
        onChunk: ({ columnName, columnData, rowStart: at }) =>
          copy(columnData, at - start, found.get(columnName) ?? []),
      }),
    );
    if (!found.get("canonical_id")?.every((one) => one === id)) {
      throw new Trouble(
        `${this.path} has other rows where data/overview.json says that ${id} has its own.`,
        "Export the dashboard again.",
      );
    }
    return found;
  }

  /**
   * @template T
   * @param {Promise<T>} reading
   * @returns {Promise<T>}
   */
  async #damaged(reading) {
    try {
      return await reading;
    } catch (error) {
      if (error instanceof Trouble) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new Trouble(`${this.path} is damaged (${why}).`, "Export the dashboard again.");
    }
  }
}

/** The row groups that hold these rows, as rows. @param {FileMetaData} metadata */
function wholeGroups(metadata, /** @type {number} */ start, /** @type {number} */ end) {
  let before = 0;
  let from = 0;
  for (const group of metadata.row_groups) {
    const after = before + Number(group.num_rows);
    if (after <= start) from = after;
    if (after >= end) return [from, after];
    before = after;
  }
  return [from, before];
}

/** Copy what of a chunk falls into the target. @param {ArrayLike<unknown>} chunk */
function copy(chunk, /** @type {number} */ offset, /** @type {unknown[]} */ target) {
  const first = Math.max(0, -offset);
  const last = Math.min(chunk.length, target.length - offset);
  for (let index = first; index < last; index++) target[offset + index] = chunk[index];
}
