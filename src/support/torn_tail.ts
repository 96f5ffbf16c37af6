/** Repairs a file of lines whose writer died in the middle of one. @module */

const NEWLINE = 0x0a;
const BLOCK_BYTES = 65536;

async function readAt(
  file: Deno.FsFile,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  await file.seek(offset, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < length) {
    const read = await file.read(bytes.subarray(filled));
    if (read === null) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}

/** Where the last whole line ends. */
async function endOfLines(file: Deno.FsFile, size: number): Promise<number> {
  for (let end = size; end > 0; end -= BLOCK_BYTES) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const block = await readAt(file, start, end - start);
    const at = block.lastIndexOf(NEWLINE);
    if (at >= 0) return start + at + 1;
  }
  return 0;
}

async function keepTail(
  file: Deno.FsFile,
  start: number,
  size: number,
  path: string,
): Promise<void> {
  using kept = await Deno.open(path, {
    append: true,
    create: true,
    mode: 0o600,
  });
  for (let offset = start; offset < size; offset += BLOCK_BYTES) {
    const length = Math.min(BLOCK_BYTES, size - offset);
    const block = await readAt(file, offset, length);
    for (let at = 0; at < block.length;) {
      at += await kept.write(block.subarray(at));
    }
  }
  await kept.write(new Uint8Array([NEWLINE]));
}

/**
 * Cuts off what follows the last line break of `file`, which must be open for
 * reading and appending. With a `tornPath` the cut-off bytes are kept there.
 *
 * @returns How many bytes were cut off.
 */
export async function repairTornTail(
  file: Deno.FsFile,
  tornPath: string | null,
): Promise<number> {
  const { size, isFile } = await file.stat();
  if (!isFile || size === 0) return 0;
  const [last] = await readAt(file, size - 1, 1);
  if (last === NEWLINE) return 0;
  const end = await endOfLines(file, size);
  if (tornPath !== null) await keepTail(file, end, size, tornPath);
  await file.truncate(end);
  return size - end;
}
