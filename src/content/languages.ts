/**
 * The letters of languages by frequency, and the charsets that the languages are written in. Detection uses them to compare
 * two readings of the same bytes.
 *
 * Costs are in nats (−ln of a probability), so they add up over a text.
 */

/** The improbability of each character in texts of one language. */
export interface Language {
  /** By lower-case character, without ASCII, which is the same in every charset. */
  readonly costs: ReadonlyMap<string, number>;
  /** Cost of a Chinese character, kana or hangul syllable that is not in `costs`. */
  readonly ideograph: number;
  /** Cost of choosing this language. */
  readonly prior: number;
}

/** A charset that detection may name. */
export interface DetectableCharset {
  /** A label that `decodeText` knows. */
  readonly label: string;
  /** Cost of choosing this charset: the evidence that it needs against windows-1252. */
  readonly prior: number;
  readonly languages: readonly Language[];
  /** The names that chardet may give it, for charsets of Latin alphabets. */
  readonly chardetNames?: readonly string[];
}

/** Cost of a letter that the language does not have. */
export const FOREIGN_LETTER = 7.5;
/** Cost of the least common letter of a language. */
const RAREST_LETTER = 6;
/** Cost of a Chinese character, kana or hangul syllable beyond the most common ones. */
const RARE_IDEOGRAPH = 10;
/** Cost of one of them in a language that is not written with them. */
const FOREIGN_IDEOGRAPH = 12;

/** Costs of choosing a charset other than windows-1252. */
const OTHER_REGION = 9;
const OTHER_ALPHABET = 14;
const IDEOGRAPHS = 17;

/** Cost of a symbol, in any language. */
export function symbolCost(character: string): number {
  return symbols.get(character) ?? RARE_SYMBOL;
}

const RARE_SYMBOL = 7.5;
const symbols: ReadonlyMap<string, number> = new Map([
  ...Array.from("’“”„…–—«»°·€\xa0", (symbol): [string, number] => [symbol, 3.5]),
  ...Array.from("‘‚‹›•£©®™§²³½¼±×µ¿¡ªº№、。「」，：；（）！？", (symbol): [string, number] => [symbol, 5]),
]);

/**
 * A language with an alphabet. The frequencies of letters are close to a geometric distribution: each letter is `ratio`
 * times as common as the one before.
 *
 * @param letters - The most common first.
 */
function alphabet(letters: string, ratio: number, prior = 0): Language {
  const costs = new Map<string, number>();
  const first = -Math.log((1 - ratio) / (1 - ratio ** letters.length));
  for (const [rank, letter] of [...letters].entries())
    costs.set(letter, Math.min(first - rank * Math.log(ratio), RAREST_LETTER));
  return { costs, ideograph: FOREIGN_IDEOGRAPH, prior };
}

/** A language of Chinese characters, kana or hangul: groups of common characters, and the share of the text they make up. */
function ideographs(groups: readonly (readonly [characters: string, share: number])[], prior = 0): Language {
  const costs = new Map<string, number>();
  for (const [characters, share] of groups)
    for (const character of characters) costs.set(character, Math.log(characters.length / share));
  return { costs, ideograph: RARE_IDEOGRAPH, prior };
}

/** Common hanzi that both ways of writing Chinese share. */
const HANZI =
  "的一是不了在人有我他中上大和地到以要就出可也你生能而子那得于着下自之年作里用道行所然家事成方多去法如都同起看定天分好小部其些主理心她本前但因只" +
  "想日者力它把十民第公此已工使情明性知全三又正外将高由最手文政美相利什二等或新己制身果加西斯月合回代信表化老位次度任常先海通教原立比解水名真走各" +
  "入几口平系活更打女四神何少反受目太量再感建做接必件管期市直德山金指克保至形社便空治科司五基眼色路南品住告求程北交取拉格共清今切";
const SIMPLIFIED =
  "这个们来为国说时会对过发后种经么学现当没动面还进样开从实军无与长机间问关点业两很重并应战向头体见被产话特内给世门儿东声提及员论处义认条气题活尔" +
  "别变总电数安报才结务场计资命许统区队决展马书非则听却界达光放强即难权思王完设式记类据边该规万望觉术领确传师观院让识候带导争运";
const TRADITIONAL =
  "這個們來為國說時會對過發後種經麼學現當沒動面還進樣開從實軍無與長機間問關點業兩很重並應戰向頭體見被產話特內給世門兒東聲提及員論處義認條氣題活爾" +
  "別變總電數安報才結務場計資命許統區隊決展馬書非則聽卻界達光放強即難權思王完設式記類據邊該規萬望覺術領確傳師觀院讓識候帶導爭運於";
const HIRAGANA = "のにたいをとるしでてがなれはかもりらっさまあよきくそうせすこみえけわやんだろおちつど";
const KATAKANA = "ーンスルイトクリラアドシレタジフプロマグコサバメデパカテッニキ";
const HALF_WIDTH = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝﾞﾟｰｬｭｮｯ";
const KANJI =
  "日一国会人年大十二本中長出三同時政事自行社見月分議後前民生連五発間対上部東者党地合市業内相方四定今回新場金員九入選立開手米力学問高代明実円関決子" +
  "動京全目表戦経通外最言氏現理調体化田当八六約主題下首意法不来作性的要用制治度務強気小七成期公野協取都和統以機平総加山思家話世受区領多県続進正安設" +
  "保改数記院女初北午指権心界支第産結百派点教報済書府活原先共得解名交資予川向際査勝面委告軍文反元重近千考判認画海参売利組知案道信策集在件団別物側" +
  "任引使求所次水半品昨論計死官増係感特情投示変打男基私各始島直両朝革価式確村提運終挙果西勢減台広容必応演電歳住争談能無再位置企真流格有口過局少放" +
  "税検常校料沢裁状工建語球営空職証土与急止送援供可役構木割聞身費付切由説転食比難防補車優夫研収断何南石足違消境神番規術護展態字";
const HANGUL =
  "이다는을가에의하고한지사로기도서은를인그시어대나자리있것수정아라부해일게과전제들으여보만상구장우동주스조원니국러비모와했면되마성경오세공문신선무안용" +
  "학물생년내개적말소요중관발미실계연산화방민분회거던각간위치재차양교행할트저드며데려명불심영없금반입때란배식런같습합통설당호강업력현진타유된파까않출표" +
  "청못집감결바군레외후처북속약워술번터단름근형론체조클품";

const CENTRAL_NAMES: readonly string[] = ["iso-8859-2", "windows-1250"];

let charsets: readonly DetectableCharset[] | undefined;

/** The charsets that detection chooses from; the first is the default. */
export function detectableCharsets(): readonly DetectableCharset[] {
  charsets ??= makeCharsets();
  return charsets;
}

function makeCharsets(): DetectableCharset[] {
  const western = [
    alphabet("", 0.5),
    alphabet("üäöß", 0.55), // German
    alphabet("éèàêçôîâœùûïëüÿæ", 0.58), // French
    alphabet("óáíñéúü", 0.65), // Spanish
    alphabet("ãçáíéóúõêàâôü", 0.75), // Portuguese
    alphabet("èàòùéìó", 0.55), // Italian
    alphabet("äöåé", 0.6), // Swedish
    alphabet("øåæéö", 0.5), // Danish, Norwegian
    alphabet("äöåšž", 0.35), // Finnish
    alphabet("íáðóæþéúöý", 0.77), // Icelandic
    alphabet("áðíóúýæø", 0.7), // Faroese
    alphabet("éëïöóüèç", 0.6), // Dutch
    alphabet("óàéèíçòïúü", 0.77), // Catalan
    alphabet("áéíóú", 0.75), // Irish
    alphabet("ëç", 0.3), // Albanian
    alphabet("äõüöšž", 0.55), // Estonian
    // Several languages in one text: a list of names.
    alphabet("éáíóöäüñèàçåøêãðæþúâôõîûëïìòùýÿœšž", 0.94, 2),
  ];
  const central = [
    alphabet("łąęóżśćńź", 0.8), // Polish
    alphabet("íáéěřčžýšůúňťďóöü", 0.84), // Czech
    alphabet("áíéýčšžúťľôóňďäĺŕö", 0.84), // Slovak
    alphabet("áéöóőíüúű", 0.7), // Hungarian
    alphabet("ăîâşţ", 0.65), // Romanian
    alphabet("čšžćđ", 0.68), // Croatian, Slovene
  ];
  const russian = alphabet("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё", 0.9);
  const bulgarian = alphabet("аоиетнрсвлкдпмзъуягбчжшйхцщюфь", 0.88);
  const ukrainian = alphabet("оаниітвресклдмупзяьбгйчхцїжшющєфґ", 0.9);
  const serbian = alphabet("аоиенртсјвкудпмлзгбчљњшжцћхђфџ", 0.89);
  const macedonian = alphabet("аоиетнрвсдкјлмпугзбчшжцхѓќљњѕџф", 0.88);
  const belarusian = alphabet("аніярыслекдотвўьпумзйбгчцжшхюэфёо", 0.9);
  const greek = [alphabet("αοιετσνηυρπκμλςίάόήέύώγδθφχβξωζψϊϋ", 0.91)];
  const turkish = [alphabet("ıüşğçöiâ", 0.65)];
  const hebrew = [alphabet("יוהלאמרתבשנדעקחפםסטןגכזצךץף", 0.9)];
  const arabic = alphabet("اليمونترهبدعفسكقحةجأشصطخىضغثذزئءظإآؤ", 0.89);
  const persian = alphabet("ایرندوهمتبسشکزگلخفپقجعآحصغچطضذثژظئء", 0.88);
  const urdu = alphabet("ایکرنہوےمسلتپبدگجھںحعشٹقخفچزآڈصئطڑثضغء", 0.88);
  const baltic = [alphabet("šėųįąžčūę", 0.77), alphabet("āīēšūļņģžčķ", 0.7), alphabet("äõüöšž", 0.55)];
  const vietnamese = [alphabet("đáưàôêạăóơâíúãò\u0301\u0300\u0309\u0303\u0323", 0.93)];
  const thai = [
    alphabet(
      "านรอกเงมยลวดทสต\u0e48\u0e49\u0e31\u0e35\u0e32ปคบหแจพชขใไโะ\u0e34\u0e38\u0e37\u0e39\u0e4c\u0e47ำธณศถผซฟภษญฐฉๆ",
      0.94,
    ),
  ];
  const japanese = ideographs([
    [HIRAGANA, 0.5],
    [KATAKANA, 0.12],
    [KANJI, 0.2],
  ]);
  const halfWidth = ideographs([[HALF_WIDTH, 0.95]], 8);
  const simplified = [ideographs([[HANZI + SIMPLIFIED, 0.8]])];
  const traditional = [ideographs([[HANZI + TRADITIONAL, 0.8]])];
  const korean = [ideographs([[HANGUL, 0.75]])];
  return [
    { label: "windows-1252", prior: 0, languages: western },
    { label: "windows-1250", prior: OTHER_REGION, languages: central, chardetNames: CENTRAL_NAMES },
    { label: "iso-8859-2", prior: OTHER_REGION, languages: central, chardetNames: CENTRAL_NAMES },
    {
      label: "windows-1254",
      prior: OTHER_REGION + 2,
      languages: turkish,
      chardetNames: ["iso-8859-9", "windows-1254"],
    },
    { label: "windows-1257", prior: OTHER_REGION + 4, languages: baltic },
    {
      label: "windows-1251",
      prior: OTHER_ALPHABET,
      languages: [russian, ukrainian, bulgarian, serbian, macedonian, belarusian],
    },
    { label: "koi8-r", prior: OTHER_ALPHABET, languages: [russian, bulgarian] },
    { label: "koi8-u", prior: OTHER_ALPHABET + 0.5, languages: [ukrainian] },
    { label: "iso-8859-5", prior: OTHER_ALPHABET + 1, languages: [russian, bulgarian, serbian] },
    { label: "ibm866", prior: OTHER_ALPHABET + 3, languages: [russian, bulgarian] },
    { label: "windows-1253", prior: OTHER_ALPHABET, languages: greek },
    { label: "iso-8859-7", prior: OTHER_ALPHABET, languages: greek },
    { label: "windows-1255", prior: OTHER_ALPHABET, languages: hebrew },
    { label: "windows-1256", prior: OTHER_ALPHABET, languages: [arabic, persian, urdu] },
    { label: "iso-8859-6", prior: OTHER_ALPHABET + 1, languages: [arabic] },
    { label: "windows-1258", prior: OTHER_ALPHABET + 2, languages: vietnamese },
    { label: "windows-874", prior: OTHER_ALPHABET, languages: thai },
    { label: "shift_jis", prior: IDEOGRAPHS, languages: [japanese, halfWidth] },
    { label: "euc-jp", prior: IDEOGRAPHS, languages: [japanese] },
    { label: "gb18030", prior: IDEOGRAPHS, languages: simplified },
    { label: "big5", prior: IDEOGRAPHS, languages: traditional },
    { label: "euc-kr", prior: IDEOGRAPHS, languages: korean },
  ];
}
