// Prints where it unpacked the carried Chromium: into the system's temporary folder, which TMPDIR names.
import chromium from "@sparticuz/chromium";

console.log(await chromium.executablePath());
