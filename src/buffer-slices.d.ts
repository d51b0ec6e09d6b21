// Node's, Bun's and Deno's Buffer all have these; @types/node leaves them out. They skip the encoding look-up of toString().
interface Buffer {
  latin1Slice(start?: number, end?: number): string;
  utf8Slice(start?: number, end?: number): string;
  latin1Write(text: string, offset?: number, length?: number): number;
}
