// German words of the users' application.
export const user = {
} as const;
