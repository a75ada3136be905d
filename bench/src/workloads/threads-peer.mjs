export default (n) => n;
export const sizeOf = (buffer) => buffer.byteLength;
const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
export const uneven = (n) => (fib(n % 8 === 0 ? 20 : 12) < 0 ? -1 : n);
