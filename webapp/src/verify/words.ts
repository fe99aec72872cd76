/** The self-testing page's words, for the person who holds the phone. */

import type { Language } from "../app/i18n/index.ts";

const en = {
  title: "Safelight tests this browser",
  starting: "Starting…",
  reading: "Reading the photos",
  running: "{runtime}, {file}",
  awake: "Keep the screen on and this page in front.",
  done: "Done. Look at the computer.",
  closeIt: "You can close this page.",
  refused: "Another device has opened this address already. Run the command again for a new one.",
  failed: "It stopped: {why}",
};

export type Word = keyof typeof en;

const zhHant: Record<Word, string> = {
  title: "Safelight 正在測試這個瀏覽器",
  starting: "正在開始…",
  reading: "正在讀取照片",
  running: "{runtime}，{file}",
  awake: "請保持螢幕開啟，並讓此頁面留在最前面。",
  done: "完成了，請看電腦。",
  closeIt: "您可以關閉此頁面。",
  refused: "這個網址已由另一部裝置開啟。請重新執行指令以取得新的網址。",
  failed: "已停止：{why}",
};

const zhHans: Record<Word, string> = {
  title: "Safelight 正在测试这个浏览器",
  starting: "正在开始…",
  reading: "正在读取照片",
  running: "{runtime}，{file}",
  awake: "请保持屏幕常亮，并让此页面留在最前面。",
  done: "完成了，请看电脑。",
  closeIt: "您可以关闭此页面。",
  refused: "这个网址已由另一台设备打开。请重新运行命令以获取新的网址。",
  failed: "已停止：{why}",
};

export const WORDS: Record<Language, Record<Word, string>> = { en, "zh-Hant": zhHant, "zh-Hans": zhHans };
