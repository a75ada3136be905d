export default class Service {
  constructor() {
    console.log("called");
  }
}
console.log("loaded");
