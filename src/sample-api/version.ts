/** What /health says. */
export const API_VERSION = '1.4.0';
