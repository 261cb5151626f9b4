// English for words that come from the API where the word itself does not do.
export const coded: Record<string, string> = {
  "check.database": "Database", "check.running": "Running",
};
