/** The page's words. A language is one dictionary here; the types require every key, and a test every placeholder. */

import * as offline from "./offline/texts.ts";

const en = {
  ...offline.en,
  title: "Safelight",
  drop: "Drop photos here",
  dropTouch: "Add your photos",
  dropHint: "or paste one, or",
  choosePhotos: "Choose photos",
  chooseFolder: "Choose a folder",
  addPhotos: "Add photos",
  examples: "Try example photos",
  clear: "Clear",
  privacy: "Your photos stay on this device.",
  privacyMore: "They are read and classified in this browser. Nothing is sent anywhere.",
  knows: "{name} tells {count} classes apart: {labels}",
  loading: "Loading the model…",
  progress: "{done} of {total}",
  finished: "{total} classified",
  refusedCount: "{count} not read",
  refusedTitle: "Files that could not be read",
  working: "Looking…",
  unsure: "Not sure",
  ms: "{ms} ms",
  about: "About this model",
  aboutShort: "Model",
  listSeparator: ", ",
  close: "Close",
  language: "Language",
  runtime: "Runs with",
  runtimeHint: "The same answer from each, by another engine. The first is the smallest to download.",
  architecture: "Network",
  parameters: "{count} parameters",
  input: "Looks at",
  inputValue: "{size} × {size} pixels",
  download: "Model file",
  classes: "Classes",
  source: "Origin",
  proof: "How far each runtime is from PyTorch",
  proofHint: "Measured on photos when this bundle was exported, from the file’s bytes to the probabilities.",
  proofRuntime: "Runtime",
  proofImages: "Photos",
  proofDifference: "Largest difference",
  proofFlips: "Other labels",
  proofNone: "No measurements are in this bundle.",
  noBundle: "There is no usable model beside this page: {why}",
  noRuntime: "This runtime does not start here: {why}",
  noFormat: "This bundle has no file that a browser opens. It has: {files}. Export it with tfjs, tflite or onnx.",
  "reason.not-a-file": "Not a file",
  "reason.unreadable": "The browser may not read it",
  "reason.empty": "The file is empty",
  "reason.not-an-image": "Not an image",
  "reason.unsupported": "An image format that is not supported; save it as JPEG or PNG",
  "reason.truncated": "The file ends early; copy it again",
  "reason.corrupt": "The file is damaged",
  "reason.too-large": "Too large: more than 100 megapixels or 256 MB",
  "reason.failed": "It could not be classified: {why}",
};

export type Key = keyof typeof en;

const zhHant: Record<Key, string> = {
  ...offline.zhHant,
  title: "Safelight",
  drop: "把照片拖到這裡",
  dropTouch: "加入您的照片",
  dropHint: "也可以貼上，或者",
  choosePhotos: "選擇照片",
  chooseFolder: "選擇資料夾",
  addPhotos: "加入照片",
  examples: "試用範例照片",
  clear: "清除",
  privacy: "您的照片不會離開這部裝置。",
  privacyMore: "照片只在這個瀏覽器裡讀取和分類，不會傳送到任何地方。",
  knows: "{name} 可分辨 {count} 個類別：{labels}",
  loading: "正在載入模型…",
  progress: "{done}／{total}",
  finished: "已分類 {total} 張",
  refusedCount: "{count} 個無法讀取",
  refusedTitle: "無法讀取的檔案",
  working: "正在辨認…",
  unsure: "不確定",
  ms: "{ms} 毫秒",
  about: "關於這個模型",
  aboutShort: "模型",
  listSeparator: "、",
  close: "關閉",
  language: "語言",
  runtime: "執行方式",
  runtimeHint: "每一種引擎的答案都相同，第一種下載量最小。",
  architecture: "網路",
  parameters: "{count}個參數",
  input: "輸入",
  inputValue: "{size} × {size} 像素",
  download: "模型檔案",
  classes: "類別",
  source: "來源",
  proof: "各執行環境與 PyTorch 的差異",
  proofHint: "匯出時以照片實測，從檔案位元組一直到機率。",
  proofRuntime: "執行環境",
  proofImages: "照片",
  proofDifference: "最大差異",
  proofFlips: "標籤不同",
  proofNone: "這個模型沒有附上量測結果。",
  noBundle: "這個頁面旁邊沒有可用的模型：{why}",
  noRuntime: "這個執行環境無法在此啟動：{why}",
  noFormat: "這個模型沒有瀏覽器能開啟的檔案，只有：{files}。請以 tfjs、tflite 或 onnx 匯出。",
  "reason.not-a-file": "不是檔案",
  "reason.unreadable": "瀏覽器無權讀取",
  "reason.empty": "檔案是空的",
  "reason.not-an-image": "不是圖片",
  "reason.unsupported": "不支援的圖片格式，請存成 JPEG 或 PNG",
  "reason.truncated": "檔案不完整，請重新複製",
  "reason.corrupt": "檔案已損壞",
  "reason.too-large": "太大：超過一億像素或 256 MB",
  "reason.failed": "無法分類：{why}",
};

const zhHans: Record<Key, string> = {
  ...offline.zhHans,
  title: "Safelight",
  drop: "把照片拖到这里",
  dropTouch: "添加您的照片",
  dropHint: "也可以粘贴，或者",
  choosePhotos: "选择照片",
  chooseFolder: "选择文件夹",
  addPhotos: "添加照片",
  examples: "试用示例照片",
  clear: "清除",
  privacy: "您的照片不会离开这台设备。",
  privacyMore: "照片只在这个浏览器里读取和分类，不会发送到任何地方。",
  knows: "{name} 可分辨 {count} 个类别：{labels}",
  loading: "正在加载模型…",
  progress: "{done}／{total}",
  finished: "已分类 {total} 张",
  refusedCount: "{count} 个无法读取",
  refusedTitle: "无法读取的文件",
  working: "正在辨认…",
  unsure: "不确定",
  ms: "{ms} 毫秒",
  about: "关于这个模型",
  aboutShort: "模型",
  listSeparator: "、",
  close: "关闭",
  language: "语言",
  runtime: "运行方式",
  runtimeHint: "每一种引擎的答案都相同，第一种下载量最小。",
  architecture: "网络",
  parameters: "{count}个参数",
  input: "输入",
  inputValue: "{size} × {size} 像素",
  download: "模型文件",
  classes: "类别",
  source: "来源",
  proof: "各运行环境与 PyTorch 的差异",
  proofHint: "导出时以照片实测，从文件字节一直到概率。",
  proofRuntime: "运行环境",
  proofImages: "照片",
  proofDifference: "最大差异",
  proofFlips: "标签不同",
  proofNone: "这个模型没有附上测量结果。",
  noBundle: "这个页面旁边没有可用的模型：{why}",
  noRuntime: "这个运行环境无法在此启动：{why}",
  noFormat: "这个模型没有浏览器能打开的文件，只有：{files}。请以 tfjs、tflite 或 onnx 导出。",
  "reason.not-a-file": "不是文件",
  "reason.unreadable": "浏览器无权读取",
  "reason.empty": "文件是空的",
  "reason.not-an-image": "不是图片",
  "reason.unsupported": "不支持的图片格式，请存成 JPEG 或 PNG",
  "reason.truncated": "文件不完整，请重新复制",
  "reason.corrupt": "文件已损坏",
  "reason.too-large": "太大：超过一亿像素或 256 MB",
  "reason.failed": "无法分类：{why}",
};

/** BCP 47 tags, as in the spec's names and wordings. */
export const LANGUAGES = { en: "English", "zh-Hant": "繁體中文", "zh-Hans": "简体中文" } as const;
export type Language = keyof typeof LANGUAGES;

export const DICTIONARIES: Record<Language, Record<Key, string>> = { en, "zh-Hant": zhHant, "zh-Hans": zhHans };

/** The text of `key` with its placeholders filled in. */
export function translate(language: Language, key: Key, values: Record<string, string | number> = {}): string {
  return fill(DICTIONARIES[language][key], values);
}

/** A text with its placeholders filled in. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** The best of our languages for a browser's list, such as ["zh-HK", "en"]. */
export function languageFor(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const locale = localeOf(tag);
    if (!locale) continue;
    if (locale.language === "zh" || locale.language === "yue") return locale.script === "Hans" ? "zh-Hans" : "zh-Hant";
    if (locale.language === "en") return "en";
  }
  return "en";
}

/** Nothing for what is no language tag: WebKitGTK under LANG=C prefers "c". */
function localeOf(tag: string): Intl.Locale | undefined {
  try {
    return new Intl.Locale(tag).maximize();
  } catch {
    return undefined;
  }
}
