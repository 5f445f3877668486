/** 8 lower-case hex digits: the first four bytes of every client order id of this installation. */
export const isInstallationTag = (text: string): boolean => /^[0-9a-f]{8}$/.test(text);
