// Zip files as a test wants them, also such as no honest program writes.
import { crc32, deflateRawSync } from 'node:zlib';

/** `files`: [path, content][]; paths are written as they are. */
export function zip(files) {
  const [parts, directory] = [[], []];
  let at = 0;
  for (const [path, text] of files) {
    const [name, content] = [Buffer.from(path), Buffer.from(text)];
    const packed = deflateRawSync(content, { level: 9 });
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    const same = (buffer, offset) => {
      buffer.writeUInt16LE(20, offset);
      buffer.writeUInt16LE(0x0800, offset + 2);
      buffer.writeUInt16LE(8, offset + 4);
      buffer.writeUInt16LE(0x21, offset + 8);
      buffer.writeUInt32LE(crc32(content), offset + 10);
      buffer.writeUInt32LE(packed.length, offset + 14);
      buffer.writeUInt32LE(content.length, offset + 18);
      buffer.writeUInt16LE(name.length, offset + 22);
    };
    same(head, 4);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(20, 4);
    same(entry, 6);
    entry.writeUInt32LE(at, 42);
    parts.push(head, name, packed);
    directory.push(entry, name);
    at += head.length + name.length + packed.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}
