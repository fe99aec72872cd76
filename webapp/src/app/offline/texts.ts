/** The words of the offline and proof features: merged into the page's dictionaries in `i18n/`. A line break parts list items. */

export const en = {
  offlineReady: "Ready offline",
  offlineNone: "Works online only: this browser gives the page no service worker here.",
  install: "Install",
  updateThere: "A new version is there. Reloading clears the photos from this page.",
  updateTabs: "A new version is there. Close the other tabs with this page first: they still use the old one.",
  updateNow: "Reload",
  updateLater: "Later",
  proofOpen: "Check it yourself",
  proofTitle: "Check it yourself",
  proofIntro:
    "You need not believe that your photos stay here. These checks are done by your browser, not by our promise.",
  proofOffline: "Cut the network and go on",
  proofOfflineSteps:
    "Wait until the page says “Ready offline”.\nSwitch on flight mode, or pull the cable.\nReload the page and classify photos: it works as before.\nClear the photos, or close the page, before you go online again.",
  proofPanel: "Watch the network",
  proofPanelSteps:
    "Chrome and Edge: press F12, open “Network”, clear the list, then add photos. Nothing new appears but blob: pictures, which are in memory.\nFirefox: press F12, open “Network”, empty the list with the bin, then add photos.\nSafari: in Settings → Advanced switch on the web developer features, press ⌥⌘I, open “Network”, then add photos.",
  proofTry: "Let the page try to send something",
  proofTryHint:
    "On your click this page and one of its workers try to send the word “proof” to {address}, an address that cannot exist. Your browser must refuse before it even looks for the address.",
  proofTryNow: "Try now",
  proofTrying: "Trying…",
  "proof.refused": "refused by the policy",
  "proof.failed": "failed; the browser does not say that it was the policy",
  "proof.sent": "the browser let it go",
  proofPage: "page",
  proofWorker: "worker",
  proofTight: "Your browser refused every attempt.",
  proofUntold:
    "Nothing was let go. Of some attempts this browser does not say what stopped them: see its network panel, or cut the network.",
  proofLeaky:
    "Your browser let an attempt go. Use the page with the network cut, or from a host that sends the policy.",
  proofPolicyPage: "The policy that the browser quoted when it refused the page:",
  proofPolicyWorker: "And when it refused the worker:",
  proofNoPolicy: "none",
  proofAsked: "What was asked for since the page was opened",
  proofAskedCount: "{count} addresses, {elsewhere} of them on another site.",
  proofAskedPage: "The addresses, as the browser has noted them for this page",
  proofVersion:
    "This is version {version} of the site: {files} files, each compared with its checksum when it was fetched.",
  proofAskedNetwork: "{count} of them were fetched from the network since the service worker was last started",
  proofStored: "What is stored on this device",
  proofStoredCount:
    "{files} files of the site, {size} MB by the browser’s estimate; {entries} cookies and small entries; the models that you opened, and what was found out about them here. Photos are kept in memory only.",
  proofStoredFiles: "Everything that is stored, by name",
  proofLimits: "What this proves, and what it does not",
  proofLimitsList:
    "It shows that this page, as it is loaded now, cannot send anything to another site in the ways tried, and that it works without a network.\nThe policy lets the page talk to the site that it came from; the files stored for offline use are not asked for again, but the browser looks by itself whether there is a new version (sw.js). The network panel shows whether anything was.\nThe policy does not stop a page from opening another address in front of you; you would see that.\nIt says nothing about browser extensions, the browser itself or the operating system.\nSharing photos into the installed app goes through its service worker. If you delete this site’s data, uninstall the app as well: without the service worker the system would send shared photos to the site.\nA new version may behave differently: check again after an update, or stay offline.",
};

type Texts = Record<keyof typeof en, string>;

export const zhHant: Texts = {
  offlineReady: "可離線使用",
  offlineNone: "只能連線使用：瀏覽器在此不提供 Service Worker。",
  install: "安裝",
  updateThere: "有新版本。重新載入會清除此頁上的照片。",
  updateTabs: "有新版本。請先關閉開著此頁的其他分頁，它們仍在使用舊版本。",
  updateNow: "重新載入",
  updateLater: "稍後",
  proofOpen: "自己驗證",
  proofTitle: "自己驗證",
  proofIntro: "照片是否真的留在這裡，您不必聽信我們。以下檢查都由您的瀏覽器執行，而不是靠我們的承諾。",
  proofOffline: "切斷網路，繼續使用",
  proofOfflineSteps:
    "等到頁面顯示「可離線使用」。\n開啟飛航模式，或拔掉網路線。\n重新載入頁面並分類照片：一切照常。\n恢復連線之前，先清除照片或關閉頁面。",
  proofPanel: "觀察網路",
  proofPanelSteps:
    "Chrome 與 Edge：按 F12，開啟「網路」，清空清單，再加入照片。除了記憶體裡的 blob: 圖片，不會出現新的項目。\nFirefox：按 F12，開啟「網路」，按垃圾桶清空，再加入照片。\nSafari：在「設定 → 進階」開啟網頁開發者功能，按 ⌥⌘I，開啟「網路」，再加入照片。",
  proofTry: "讓頁面試著傳送資料",
  proofTryHint:
    "按下按鈕後，此頁和它的一個 worker 會試著把「proof」這個字傳到 {address}，一個不可能存在的位址。瀏覽器必須在尋找該位址之前就拒絕。",
  proofTryNow: "立即嘗試",
  proofTrying: "嘗試中…",
  "proof.refused": "被政策拒絕",
  "proof.failed": "失敗；瀏覽器沒有說明是否因為政策",
  "proof.sent": "瀏覽器放行了",
  proofPage: "頁面",
  proofWorker: "worker",
  proofTight: "您的瀏覽器拒絕了每一次嘗試。",
  proofUntold: "沒有任何資料被放行。有些嘗試，瀏覽器沒有說明是被什麼擋下：請看它的網路面板，或切斷網路。",
  proofLeaky: "您的瀏覽器放行了某次嘗試。請在斷網狀態下使用，或改用會送出此政策的主機。",
  proofPolicyPage: "瀏覽器拒絕頁面時引用的政策：",
  proofPolicyWorker: "拒絕 worker 時引用的政策：",
  proofNoPolicy: "無",
  proofAsked: "開啟頁面以來請求過的內容",
  proofAskedCount: "{count} 個位址，其中 {elsewhere} 個屬於其他網站。",
  proofAskedPage: "瀏覽器為此頁記下的位址",
  proofVersion: "這是網站的 {version} 版：{files} 個檔案，下載時逐一比對過檢查碼。",
  proofAskedNetwork: "Service Worker 上次啟動以來，從網路取得 {count} 個",
  proofStored: "這部裝置上儲存的內容",
  proofStoredCount:
    "網站檔案 {files} 個，瀏覽器估計 {size} MB；Cookie 與小型資料 {entries} 筆；以及您開啟過的模型和檢驗結果。照片只在記憶體裡。",
  proofStoredFiles: "所有儲存內容的名稱",
  proofLimits: "這證明了什麼，沒有證明什麼",
  proofLimitsList:
    "它顯示：此刻載入的這個頁面，無法用所試的方式把任何東西傳到其他網站，而且斷網也能使用。\n政策允許頁面與自己的網站通訊；已存好供離線使用的檔案不會再次請求，但瀏覽器會自行查看是否有新版本（sw.js）。網路面板會顯示是否有任何請求。\n政策無法阻止頁面在您眼前開啟其他位址；那樣您會看到。\n它不涉及瀏覽器擴充功能、瀏覽器本身或作業系統。\n分享到已安裝應用程式的照片由 Service Worker 接收。若您刪除本網站的資料，請一併解除安裝：少了 Service Worker，系統會把分享的照片傳到網站。\n新版本可能不同：更新後請再檢查一次，或保持離線。",
};

export const zhHans: Texts = {
  offlineReady: "可离线使用",
  offlineNone: "只能联网使用：浏览器在此不提供 Service Worker。",
  install: "安装",
  updateThere: "有新版本。重新加载会清除此页上的照片。",
  updateTabs: "有新版本。请先关闭打开此页的其他标签页，它们仍在使用旧版本。",
  updateNow: "重新加载",
  updateLater: "稍后",
  proofOpen: "自己验证",
  proofTitle: "自己验证",
  proofIntro: "照片是否真的留在这里，您不必听信我们。以下检查都由您的浏览器执行，而不是靠我们的承诺。",
  proofOffline: "断开网络，继续使用",
  proofOfflineSteps:
    "等到页面显示“可离线使用”。\n打开飞行模式，或拔掉网线。\n重新加载页面并分类照片：一切照常。\n恢复联网之前，先清除照片或关闭页面。",
  proofPanel: "观察网络",
  proofPanelSteps:
    "Chrome 与 Edge：按 F12，打开“网络”，清空列表，再添加照片。除了内存里的 blob: 图片，不会出现新的条目。\nFirefox：按 F12，打开“网络”，按垃圾桶清空，再添加照片。\nSafari：在“设置 → 高级”打开网页开发者功能，按 ⌥⌘I，打开“网络”，再添加照片。",
  proofTry: "让页面试着发送数据",
  proofTryHint:
    "点击后，此页和它的一个 worker 会试着把“proof”这个词发到 {address}，一个不可能存在的地址。浏览器必须在查找该地址之前就拒绝。",
  proofTryNow: "立即尝试",
  proofTrying: "尝试中…",
  "proof.refused": "被策略拒绝",
  "proof.failed": "失败；浏览器没有说明是否因为策略",
  "proof.sent": "浏览器放行了",
  proofPage: "页面",
  proofWorker: "worker",
  proofTight: "您的浏览器拒绝了每一次尝试。",
  proofUntold: "没有任何数据被放行。有些尝试，浏览器没有说明是被什么挡下：请看它的网络面板，或断开网络。",
  proofLeaky: "您的浏览器放行了某次尝试。请在断网状态下使用，或改用会发送此策略的主机。",
  proofPolicyPage: "浏览器拒绝页面时引用的策略：",
  proofPolicyWorker: "拒绝 worker 时引用的策略：",
  proofNoPolicy: "无",
  proofAsked: "打开页面以来请求过的内容",
  proofAskedCount: "{count} 个地址，其中 {elsewhere} 个属于其他网站。",
  proofAskedPage: "浏览器为此页记下的地址",
  proofVersion: "这是网站的 {version} 版：{files} 个文件，下载时逐一比对过校验和。",
  proofAskedNetwork: "Service Worker 上次启动以来，从网络取得 {count} 个",
  proofStored: "这台设备上存储的内容",
  proofStoredCount:
    "网站文件 {files} 个，浏览器估计 {size} MB；Cookie 与小型数据 {entries} 条；以及您打开过的模型和检验结果。照片只在内存里。",
  proofStoredFiles: "所有存储内容的名称",
  proofLimits: "这证明了什么，没有证明什么",
  proofLimitsList:
    "它显示：此刻加载的这个页面，无法用所试的方式把任何东西发到其他网站，而且断网也能使用。\n策略允许页面与自己的网站通信；已存好供离线使用的文件不会再次请求，但浏览器会自行查看是否有新版本（sw.js）。网络面板会显示是否有任何请求。\n策略无法阻止页面在您眼前打开其他地址；那样您会看到。\n它不涉及浏览器扩展、浏览器本身或操作系统。\n分享到已安装应用的照片由 Service Worker 接收。若您删除本网站的数据，请一并卸载：少了 Service Worker，系统会把分享的照片发到网站。\n新版本可能不同：更新后请再检查一次，或保持离线。",
};
