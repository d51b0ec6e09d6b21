/** Text without a charset: what the bytes alone say. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import fc from "fast-check";

import { apparentEncoding, decodeText } from "#internal/content/charset";
import { encode } from "../../_support/encode.js";

/** The accented letters of the languages that are written in windows-1252. */
const ALPHABETS: Readonly<Record<string, string>> = {
  German: "äöüßÄÖÜ",
  French: "àâæçéèêëîïôœùûüÿÀÂÇÉÈÊËÎÏÔŒÙÛÜ",
  Spanish: "áéíñóúüÁÉÍÑÓÚ",
  Portuguese: "ãáàâçéêíóôõúÃÁÂÇÉÊÍÓÔÕÚ",
  Italian: "àèéìòùÀÈÉÌÒÙ",
  Swedish: "åäöéÅÄÖ",
  "Danish and Norwegian": "æøåéÆØÅ",
  Finnish: "äöåšžÄÖ",
  Icelandic: "áðéíóúýþæöÁÉÍÓÚÞÖ",
  Dutch: "ëïéèöüç",
  Catalan: "àéèíïóòúüç·ÀÉÈÍÓÒÚ",
  Irish: "áéíóúÁÉÍÓÚ",
  Albanian: "ëçËÇ",
  Estonian: "äõöüšžÄÕÖÜ",
};

/** Signs that stand in such texts. */
const SIGNS = "€£¥¢§°±²³µ·¼½¾×÷©®™«»“”„‘’‚–—…•¿¡ºª†‰";

function assertWestern(text: string): void {
  assert.equal(decodeText(encode(text, "windows-1252"), null), text);
}

describe("short texts in windows-1252", () => {
  for (const [language, letters] of Object.entries(ALPHABETS))
    it(`keep each letter of ${language}, next to letters, digits and punctuation`, () => {
      for (const letter of letters)
        for (const text of [
          letter,
          `caf${letter}`,
          `${letter}ln`,
          `n${letter}x`,
          `5${letter}`,
          `${letter}5`,
          `a ${letter} b`,
          `x;${letter};y`,
          `{"a":"${letter}"}`,
          `<p>M${letter}n</p>`,
          `Jos${letter};M${letter}laga`,
          `"na${letter}f","caf${letter}","r${letter}sum${letter}"`,
          `${letter}${letter}`,
          `${letter}r, ${letter}s, ${letter}n`,
        ])
          assertWestern(text);
    });

  for (const [language, letters] of Object.entries(ALPHABETS))
    it(`keep the alphabet of ${language}`, () => {
      const small = letters.toLowerCase();
      for (const text of [letters, small, [...letters].join(" "), [...small].join(", "), `{"a":"${letters}"}`])
        assertWestern(text);
    });

  it("keep one to five random letters of a language", () => {
    const language = fc.constantFrom(...Object.values(ALPHABETS));
    const between = fc.constantFrom("a", "tr", "S", "x1", "5", " ", ", ", ";", "er", "lo", '","', "-");
    fc.assert(
      fc.property(
        language.chain((letters) =>
          fc.array(fc.tuple(between, fc.constantFrom(...letters.toLowerCase())), { minLength: 1, maxLength: 5 }),
        ),
        fc.constantFrom("", "n", "ter", " ", "5", ";1"),
        (parts, end) => assertWestern(parts.flat().join("") + end),
      ),
      { numRuns: 2000 },
    );
  });

  for (const sign of SIGNS)
    it(`keep the sign ${sign}`, () => {
      for (const text of [
        sign,
        `${sign}5`,
        `5${sign}`,
        `5 ${sign}`,
        `20${sign}C`,
        `price;${sign}5;${sign}10`,
        `a ${sign} b`,
        `x${sign}`,
        `<b>${sign}</b>`,
        `{"price":"${sign}5"}`,
        `${sign}1 ${sign}2 ${sign}3`,
        sign + sign,
      ])
        assertWestern(text);
    });

  const samples = [
    "£5",
    "café",
    "20°C",
    "José;Málaga",
    '{"city":"Málaga","country":"España"}',
    "name;city\nJosé;Málaga\nJürgen;Köln\nÅse;Tromsø\nFrançois;Besançon\n",
    "São Paulo, Zürich, Århus, Besançon, Malmö",
    "“Hello,” she said – ‘it’s here’…",
    "don’t can’t won’t isn’t",
    "© 2020 Müller & Söhne GmbH",
    "½ cup, ¼ tsp, 20 °C ± 2",
    "niño, mañana, ¿qué? ¡sí!",
    "coração, ação, não, pão",
    "île, maître, naître, dîner, boîte",
    "août; goût; coût; sûr; dû; mûr",
    "œuf; œuvre; cœur; sœur; bœuf; nœud; vœu",
    "Ÿ Œuvre œuf",
    "être; tête; fête; forêt; prêt; même",
    "façon, garçon, français, reçu, leçon, ça",
    "corações; ações; lições; canções",
    "señor, año, niño, mañana, España, Coruña",
    "lunedì, martedì, mercoledì, così, sì",
    "Ég þýddi nýja bók í gær, ýmis orð",
    "Þórbergur Þórðarson, Björk Guðmundsdóttir",
    "ÉCOLE ÉLÉMENTAIRE",
    "GRÜSSE AUS KÖLN",
    "Straße; Fuß; groß; weiß; Maß",
    "où, là, à, çà et là",
    "n° 5, 1ª, 2º, § 5 Abs. 2",
    "10 µm, 5 m², 3 m³/s",
    "1\xa0000\xa0€",
    "• one\n• two\n• three\n• four",
    "\xa0¡¢£¤¥¦§¨©ª«¬­®¯°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ",
  ];
  for (const sample of samples) it(JSON.stringify(sample.slice(0, 60)), () => assertWestern(sample));

  it("keep any one or two bytes above 0x7f", () => {
    for (let one = 0x80; one < 0x100; one += 1)
      for (let other = 0xa0; other < 0x100; other += 1) {
        // A BOM, or UTF-8.
        if ((one === 0xff && other === 0xfe) || (one === 0xfe && other === 0xff)) continue;
        if (one >= 0xc2 && one < 0xe0 && other < 0xc0) continue;
        for (const bytes of [Buffer.from([one, other]), Buffer.from([0x61, one, 0x35, other, 0x62])])
          assert.equal(decodeText(bytes, null), decodeText(bytes, "windows-1252"), bytes.toString("hex"));
      }
  });

  it("are called iso-8859-1 where that is the same", () => {
    assert.equal(apparentEncoding(encode("café", "windows-1252")), "iso-8859-1");
    assert.equal(apparentEncoding(encode("café – 5 €", "windows-1252")), "windows-1252");
  });
});

/** Language → text; how many characters beyond ASCII are enough to know it by; charsets. */
const TEXTS: readonly (readonly [language: string, text: string, enough: number, charsets: readonly string[]])[] = [
  [
    "Russian",
    "Сегодня утром мы ездили на рынок и купили свежий хлеб, молоко, яблоки и немного сыра. Погода была холодная, но солнце светило ярко. Завтра приедет моя сестра, и мы вместе пойдём в музей.",
    25,
    ["windows-1251", "koi8-r", "iso-8859-5", "ibm866"],
  ],
  [
    "Ukrainian",
    "Сьогодні вранці ми їздили на ринок і купили свіжий хліб, молоко, яблука та трохи сиру. Погода була холодна, але сонце світило яскраво. Завтра приїде моя сестра, і ми разом підемо до музею.",
    25,
    ["windows-1251", "koi8-u"],
  ],
  [
    "Bulgarian",
    "Тази сутрин отидохме на пазара и купихме пресен хляб, мляко, ябълки и малко сирене. Времето беше студено, но слънцето грееше ярко. Утре ще дойде сестра ми и заедно ще отидем в музея.",
    25,
    ["windows-1251", "iso-8859-5"],
  ],
  [
    "Serbian",
    "Јутрос смо отишли на пијацу и купили свеж хлеб, млеко, јабуке и мало сира. Време је било хладно, али је сунце јако сијало. Сутра долази моја сестра и заједно ћемо ићи у музеј.",
    25,
    ["windows-1251"],
  ],
  [
    "Greek",
    "Σήμερα το πρωί πήγαμε στην αγορά και αγοράσαμε φρέσκο ψωμί, γάλα, μήλα και λίγο τυρί. Ο καιρός ήταν κρύος, αλλά ο ήλιος έλαμπε δυνατά. Αύριο έρχεται η αδελφή μου και θα πάμε μαζί στο μουσείο.",
    25,
    ["windows-1253", "iso-8859-7"],
  ],
  [
    "Hebrew",
    "הבוקר הלכנו לשוק וקנינו לחם טרי, חלב, תפוחים וקצת גבינה. מזג האוויר היה קר אבל השמש זרחה. מחר תבוא אחותי ונלך יחד למוזיאון העירוני.",
    30,
    ["windows-1255"],
  ],
  [
    "Arabic",
    "ذهبنا هذا الصباح إلى السوق واشترينا الخبز الطازج والحليب والتفاح وقليلا من الجبن. كان الطقس باردا ولكن الشمس كانت مشرقة. غدا ستأتي أختي وسنذهب معا إلى المتحف.",
    25,
    ["windows-1256", "iso-8859-6"],
  ],
  [
    "Thai",
    "เช้านี้เราไปตลาดและซื้อขนมปังสด นม แอปเปิล และชีสเล็กน้อย อากาศหนาวแต่แดดออก พรุ่งนี้น้องสาวของฉันจะมาและเราจะไปพิพิธภัณฑ์ด้วยกัน",
    25,
    ["windows-874"],
  ],
  [
    "Polish",
    "Dziś rano poszliśmy na targ i kupiliśmy świeży chleb, mleko, jabłka i trochę sera. Pogoda była zimna, ale słońce świeciło jasno. Jutro przyjedzie moja siostra i razem pójdziemy do muzeum. Później zjemy obiad, a wieczorem obejrzymy coś w telewizji, jeśli będzie ciekawe.",
    12,
    ["windows-1250", "iso-8859-2"],
  ],
  [
    "Czech",
    "Dnes ráno jsme šli na trh a koupili čerstvý chléb, mléko, jablka a trochu sýra. Počasí bylo chladné, ale slunce jasně svítilo. Zítra přijede moje sestra a společně půjdeme do muzea. Příští týden má dědeček narozeniny a všichni se těšíme.",
    25,
    ["windows-1250", "iso-8859-2"],
  ],
  [
    "Slovak",
    "Dnes ráno sme išli na trh a kúpili čerstvý chlieb, mlieko, jablká a trochu syra. Počasie bolo chladné, ale slnko jasne svietilo. Zajtra príde moja sestra a spoločne pôjdeme do múzea. Ďalší týždeň má dedko narodeniny a všetci sa tešíme.",
    30,
    ["windows-1250", "iso-8859-2"],
  ],
  [
    "Hungarian",
    "Ma reggel elmentünk a piacra, és friss kenyeret, tejet, almát és egy kis sajtot vettünk. Az idő hűvös volt, de a nap erősen sütött. Holnap jön a nővérem, és együtt megyünk a múzeumba. Később főzünk egy jó ebédet, és délután sétálunk az erdőben.",
    35,
    ["windows-1250", "iso-8859-2"],
  ],
  [
    "Croatian",
    "Jutros smo otišli na tržnicu i kupili svježi kruh, mlijeko, jabuke i malo sira. Vrijeme je bilo hladno, ali je sunce jako sjalo. Sutra dolazi moja sestra i zajedno ćemo ići u muzej. Poslije ćemo pojesti nešto i vratiti se kući pješice. Možda će večeras doći još gostiju, pa ćemo ručati kasnije.",
    15,
    ["windows-1250", "iso-8859-2"],
  ],
  [
    "Romanian",
    "Astăzi dimineaţă am mers la piaţă şi am cumpărat pâine proaspătă, lapte, mere şi puţină brânză. Vremea era rece, dar soarele strălucea puternic. Mâine vine sora mea şi vom merge împreună la muzeu.",
    15,
    ["windows-1250", "iso-8859-2"],
  ],
  [
    "Turkish",
    "Bu sabah pazara gittik ve taze ekmek, süt, elma ve biraz peynir aldık. Hava soğuktu ama güneş parlıyordu. Yarın kız kardeşim gelecek ve birlikte müzeye gideceğiz. Akşam yemeğini dışarıda yiyeceğiz ve sonra eve döneceğiz.",
    20,
    ["windows-1254"],
  ],
  [
    "Lithuanian",
    "Šį rytą nuėjome į turgų ir nusipirkome šviežios duonos, pieno, obuolių ir truputį sūrio. Oras buvo šaltas, bet saulė ryškiai švietė. Rytoj atvažiuos mano sesuo ir kartu eisime į muziejų. Vėliau grįšime namo pėsčiomis.",
    20,
    ["windows-1257"],
  ],
  [
    "Latvian",
    "Šorīt mēs gājām uz tirgu un nopirkām svaigu maizi, pienu, ābolus un mazliet siera. Laiks bija auksts, bet saule spīdēja spoži. Rīt atbrauks mana māsa, un mēs kopā iesim uz muzeju. Vēlāk dzersim tēju un ēdīsim kūku.",
    20,
    ["windows-1257"],
  ],
  [
    "Japanese",
    "今日は朝から市場へ行って、新しいパンと牛乳とりんごを買いました。天気は寒かったですが、太陽は明るく輝いていました。明日は妹が来るので、一緒に美術館へ行きます。",
    10,
    ["shift_jis", "euc-jp"],
  ],
  [
    "Chinese, simplified",
    "今天早上我们去市场买了新鲜的面包、牛奶、苹果和一些奶酪。天气很冷，但是阳光明媚。明天我的妹妹要来，我们一起去参观博物馆，然后在家里吃晚饭。",
    10,
    ["gb18030", "gbk"],
  ],
  [
    "Chinese, traditional",
    "今天早上我們去市場買了新鮮的麵包、牛奶、蘋果和一些起司。天氣很冷，但是陽光明媚。明天我的妹妹要來，我們一起去參觀博物館，然後在家裡吃晚飯。",
    10,
    ["big5"],
  ],
  [
    "Korean",
    "오늘 아침에 우리는 시장에 가서 신선한 빵과 우유와 사과를 샀습니다. 날씨는 추웠지만 해가 밝게 빛났습니다. 내일은 여동생이 와서 함께 박물관에 갈 것입니다.",
    10,
    ["euc-kr"],
  ],
];

/** The begin of a text with so many characters beyond ASCII. */
function begin(text: string, characters: number): string {
  let seen = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] > "\x7f") seen += 1;
    if (seen === characters) return text.slice(0, at + 1);
  }
  return text;
}

describe("texts in other charsets", () => {
  for (const [language, text, enough, charsets] of TEXTS)
    for (const charset of charsets) {
      it(`${language} in ${charset}`, () => {
        for (const sample of [
          text,
          `<html><body><p>${text}</p></body></html>`,
          `{"text":"${text}"}`,
          `id;text\n1;${text}\n`,
        ])
          assert.equal(decodeText(encode(sample, charset), null), sample);
        assert.equal(decodeText(encode(text.repeat(400), charset), null), text.repeat(400));
      });
      it(`${language} in ${charset}, ${enough} characters of it`, () => {
        const sample = begin(text, enough);
        assert.equal(decodeText(encode(sample, charset), null), sample);
      });
    }

  it("have the charset's name in apparentEncoding", () => {
    for (const [language, text, , [charset]] of TEXTS)
      assert.ok(
        [charset, "iso-8859-2"].includes(apparentEncoding(encode(text, charset))),
        `${language}: ${apparentEncoding(encode(text, charset))}`,
      );
  });

  it("may have half-width katakana", () => {
    const text = "ｶﾌﾞｼｷｶﾞｲｼｬﾆﾎﾝｼｽﾃﾑｻｰﾋﾞｽ ﾄｳｷｮｳｼﾃﾝ ﾌﾂｳﾖｷﾝ ﾔﾏﾀﾞﾀﾛｳ";
    assert.equal(decodeText(encode(text, "shift_jis"), null), text);
    // Three letters are too few to know Shift_JIS, but they are not "ý" in UTF-8 and a character that was cut.
    assert.ok(!decodeText(Buffer.from([0xc3, 0xbd, 0xc4]), null).includes("\ufffd"));
  });

  it("ISO-2022-JP, which is ASCII with escape sequences", () => {
    const kanji = Buffer.from("\x1b$B%F%9%H\x1b(B ok", "latin1");
    assert.equal(apparentEncoding(kanji), "iso-2022-jp");
    assert.equal(decodeText(kanji, null), "テスト ok");
    for (const text of ["\x1b[31mred\x1b[0m", "\x1b(B\x1b[m", "a\x1b", "\x1b$", "cost: \x1b$5"]) {
      assert.equal(apparentEncoding(Buffer.from(text)), "ascii");
      assert.equal(decodeText(Buffer.from(text), null), text);
    }
  });
});

describe("a truncated or damaged text", () => {
  for (const [language, text, , charsets] of TEXTS.slice(-4))
    it(`${language}, truncated within its last character`, () => {
      for (const charset of charsets) {
        const bytes = encode(text.slice(0, -1), charset).subarray(0, -1);
        assert.equal(decodeText(bytes, null).slice(0, -1), text.slice(0, -2));
      }
    });

  it("UTF-8, truncated within its last character", () => {
    for (const text of ["schöne Grüße", "é日", "a😀b😀"])
      for (let cut = 1; cut < Buffer.byteLength([...text].at(-1)!); cut += 1)
        assert.equal(apparentEncoding(Buffer.from(text).subarray(0, -cut)), "utf-8", text);
  });

  it("is not UTF-8 when its only non-ASCII character is the truncated one", () => {
    assert.equal(decodeText(Buffer.from([0x63, 0x61, 0x66, 0xe9]), null), "café");
    assert.equal(decodeText(Buffer.from([0xc3]), null), "Ã");
  });

  it("is decoded with its charset when it is large and has one fault", () => {
    const utf8 = Buffer.from("Übergrößen für Mädchen, ".repeat(50));
    assert.equal(apparentEncoding(Buffer.concat([utf8, Buffer.from([0xff]), utf8])), "utf-8");
    const japanese = encode(TEXTS.find(([language]) => language === "Japanese")![1].repeat(5), "shift_jis");
    assert.equal(apparentEncoding(Buffer.concat([japanese, Buffer.from([0xff]), japanese])), "shift_jis");
  });

  it("is decoded as windows-1252 when it is short, which loses nothing", () => {
    for (const bytes of [
      Buffer.from("Grüße\xff", "latin1"),
      Buffer.concat([Buffer.from("é"), Buffer.from([0xff, 0x20])]),
    ])
      assert.equal(decodeText(bytes, null), decodeText(bytes, "windows-1252"));
  });

  it("never has U+FFFD for a few bytes above 0x7f", () => {
    const byte = fc.oneof(fc.integer({ min: 0x80, max: 0xff }), fc.integer({ min: 0x20, max: 0x7e }));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 30 }), (list) => {
        const bytes = Buffer.from(list);
        // A BOM decides, and what it leaves may be malformed.
        if (/^utf-(16|32)/.test(apparentEncoding(bytes))) return;
        assert.doesNotMatch(decodeText(bytes, null).slice(0, -1), /\ufffd/, bytes.toString("hex"));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("UTF-16 without a BOM", () => {
  const bigEndian = (text: string): Buffer => Buffer.from(text, "utf16le").swap16();
  for (const text of ["hello", "a,b\r\n1,Málaga\r\n", "<html>日本</html>"]) {
    it(`${JSON.stringify(text)}, little-endian`, () => {
      assert.equal(apparentEncoding(Buffer.from(text, "utf16le")), "utf-16le");
      assert.equal(decodeText(Buffer.from(text, "utf16le"), null), text);
    });
    it(`${JSON.stringify(text)}, big-endian`, () => {
      assert.equal(apparentEncoding(bigEndian(text)), "utf-16be");
      assert.equal(decodeText(bigEndian(text), null), text);
    });
  }
  it("is not detected from other NULs", () => {
    for (const text of ["a\0b", "\0\0\0\0", "a\0bcdefghijklmnop", "\0", "a\0\0b"])
      assert.equal(decodeText(Buffer.from(text), null), text);
  });
});
