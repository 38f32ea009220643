/** What /health says where RELEASE does not. */
export const API_VERSION = '1.4.0';
