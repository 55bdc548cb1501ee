/** A greeting for somebody. Throws TypeError unless `name` is a string. */
declare function exampleGreeting(name: string): string;
/** How often this script has asked, this time included. */
declare function exampleVisits(): Promise<number>;
