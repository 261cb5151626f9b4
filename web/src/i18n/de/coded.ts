// German for words that come from the API: codes of problems, names of settings, values of enums, events.
export const coded: Record<string, string> = {
  "seconds": "Sekunden", "minutes": "Minuten", "hours": "Stunden", "days": "Tage",
  "check.database": "Datenbank", "check.running": "Betrieb",
};
