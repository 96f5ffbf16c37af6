/** Disks that a test may break: mounted for it alone, where mounting is allowed. @module */

/** Runs a program; `false` if it is not there or fails. */
export function runProgram(program: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(program, { args, stdout: "null", stderr: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
}

/** Whether this process may mount a file system in memory. */
export function canMount(): boolean {
  const folder = Deno.makeTempDirSync();
  const mounted = runProgram("mount", "-t", "tmpfs", "tmpfs", folder);
  if (mounted) runProgram("umount", folder);
  Deno.removeSync(folder);
  return mounted;
}

/** Whether this process may mount an image of ext4 through a loop device. */
export function canLoop(): boolean {
  try {
    new Ext4Disk(Deno.makeTempDirSync())[Symbol.dispose]();
    return true;
  } catch {
    return false;
  }
}

/** A file system in memory; it is gone when it is disposed of. */
export class MemoryDisk implements Disposable {
  /** Where it is mounted. */
  readonly path: string;

  /** Mounts one of `megabytes`. */
  constructor(megabytes: number) {
    this.path = Deno.makeTempDirSync({ prefix: "signalbox-disk-" });
    const size = `size=${megabytes}m`;
    must("mount", "-t", "tmpfs", "-o", size, "tmpfs", this.path);
  }

  /** Lets nobody write any more, or again. Files that are open for writing keep it from that. */
  set readOnly(isReadOnly: boolean) {
    must("mount", "-o", `remount,${isReadOnly ? "ro" : "rw"}`, this.path);
  }

  [Symbol.dispose](): void {
    runProgram("umount", "-l", this.path);
    Deno.removeSync(this.path);
  }
}

/**
 * An ext4 in a file, on a loop device, in the folder `disk` of a file system
 * in memory that is read-only: what is written while it is not mounted goes
 * nowhere.
 */
export class Ext4Disk implements Disposable {
  /** Where it is mounted. */
  readonly path: string;
  readonly #base: MemoryDisk;
  readonly #folder: string;
  #mounted = false;
  #frozen = false;

  /** Makes and mounts one in a folder that it may remove afterwards. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#base = new MemoryDisk(1);
    this.path = `${this.#base.path}/disk`;
    try {
      Deno.mkdirSync(this.path);
      this.#base.readOnly = true;
      using image = Deno.createSync(this.#image);
      image.truncateSync(16 << 20);
      must("mkfs.ext4", "-q", "-F", this.#image);
      this.mount();
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Mounts it, repaired. */
  mount(): void {
    runProgram("e2fsck", "-f", "-y", this.#image);
    must("mount", "-o", "loop", this.#image, this.path);
    this.#mounted = true;
  }

  /** Unmounts it: the folder is read-only then. */
  unmount(): void {
    must("umount", this.path);
    this.#mounted = false;
  }

  /** What the kernel does on an error of the disk: from now on nobody writes, whatever is open. */
  fail(): void {
    must("mount", "-o", "remount,abort", this.path);
  }

  /** Every write waits from now on, for ever. */
  freeze(): void {
    must("fsfreeze", "-f", this.path);
    this.#frozen = true;
  }

  /** Ends {@linkcode Ext4Disk.freeze}. */
  thaw(): void {
    if (this.#frozen) must("fsfreeze", "-u", this.path);
    this.#frozen = false;
  }

  [Symbol.dispose](): void {
    this.thaw();
    if (this.#mounted) runProgram("umount", "-l", this.path);
    this.#base[Symbol.dispose]();
    Deno.removeSync(this.#folder, { recursive: true });
  }

  get #image(): string {
    return `${this.#folder}/disk.img`;
  }
}

function must(program: string, ...args: string[]): void {
  const { success, stderr } = new Deno.Command(program, { args }).outputSync();
  if (success) return;
  const words = new TextDecoder().decode(stderr).trim();
  throw new Error(`Cannot run ${program} ${args.join(" ")}: ${words}`);
}
