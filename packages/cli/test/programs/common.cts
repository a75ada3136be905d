/** CommonJS is run as it always is. */
module.exports = (): void => console.log("main module:", require.main === module);
