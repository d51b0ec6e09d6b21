/** The fixed texts that routes answer with. */
import type { Json } from "./json.js";

/** `/robots.txt`. */
export const ROBOTS = "User-agent: *\nDisallow: /deny\n";

/** `/deny`. */
export const DENY = String.raw`
         .------------.
        /              \
       |   ( )    ( )   |
       |       __       |
       |     .'  '.     |
        \              /
         '------------'
     YOU SHOULDN'T BE HERE
`;

/** `/status/418`. */
export const TEAPOT = String.raw`
    -=[ teapot ]=-
           ~ ~
          __,__
     ____/     \__
    /  _|       | \\
    \ (_|       |_//
        |       |
         \_____/
`;

/** `/json`. */
export const SLIDESHOW: Json = {
  slideshow: {
    author: "Yours Truly",
    date: "date of publication",
    slides: [
      { title: "Wake up to WonderWidgets!", type: "all" },
      {
        items: ["Why <em>WonderWidgets</em> are great", "Who <em>buys</em> WonderWidgets"],
        title: "Overview",
        type: "all",
      },
    ],
    title: "Sample Slide Show",
  },
};

/** `/xml`. */
export const SLIDESHOW_XML = `<?xml version='1.0' encoding='us-ascii'?>

<slideshow
    title="Sample Slide Show"
    date="Date of publication"
    author="Yours Truly"
    >

    <slide type="all">
        <title>Wake up to WonderWidgets!</title>
    </slide>

    <slide type="all">
        <title>Overview</title>
        <item>Why <em>WonderWidgets</em> are great</item>
        <item/>
        <item>Who <em>buys</em> WonderWidgets</item>
    </slide>

</slideshow>
`;

/** `/html`: the beginning of the novel. */
export const MOBY_DICK = `<!DOCTYPE html>
<html>
  <head>
  </head>
  <body>
      <h1>Herman Melville - Moby-Dick</h1>

      <div>
        <p>
          Call me Ishmael. Some years ago—never mind how long precisely—having little or no money in my purse, and
          nothing particular to interest me on shore, I thought I would sail about a little and see the watery part of
          the world. It is a way I have of driving off the spleen and regulating the circulation. Whenever I find
          myself growing grim about the mouth; whenever it is a damp, drizzly November in my soul; whenever I find
          myself involuntarily pausing before coffin warehouses, and bringing up the rear of every funeral I meet; and
          especially whenever my hypos get such an upper hand of me, that it requires a strong moral principle to
          prevent me from deliberately stepping into the street, and methodically knocking people’s hats off—then, I
          account it high time to get to sea as soon as I can. This is my substitute for pistol and ball. With a
          philosophical flourish Cato throws himself upon his sword; I quietly take to the ship. There is nothing
          surprising in this. If they but knew it, almost all men in their degree, some time or other, cherish very
          nearly the same feelings towards the ocean with me. There now is your insular city of the Manhattoes, belted
          round by wharves as Indian isles by coral reefs—commerce surrounds it with her surf. Right and left, the
          streets take you waterward. Its extreme downtown is the battery, where that noble mole is washed by waves,
          and cooled by breezes, which a few hours previous were out of sight of land. Look at the crowds of
          water-gazers there.
        </p>
      </div>
  </body>
</html>
`;

/** `/encoding/utf8`. */
export const UTF8_DEMO = `<h1>Unicode Demo</h1>

<p>One sentence in many scripts, and marks that a decoder likes to lose.</p>

<pre>
Signs:        ∮ E⋅da = Q,  n → ∞, ∑ f(i) = ∏ g(i), ∀x∈ℝ: ⌈x⌉ = −⌊−x⌋, α ∧ ¬β
Phonetics:    ði ıntəˈnæʃənəl fəˈnɛtık əsoʊsiˈeıʃn
Quotes:       ‘single’ “double” „low“ «angle» ‹single angle› – — … ‰ € ™
Latin:        Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich
              Voix ambiguë d’un cœur qui préfère les jattes de kiwis
              Pchnąć w tę łódź jeża lub ośm skrzyń fig
              Příliš žluťoučký kůň úpěl ďábelské ódy
              Árvíztűrő tükörfúrógép
              Pijamalı hasta yağız şoföre çabucak güvendi
Greek:        Ξεσκεπάζω τὴν ψυχοφθόρα βδελυγμία
Cyrillic:     Съешь ещё этих мягких французских булок, да выпей же чаю
              Чуєш їх, доцю, га? Кумедна ж ти, прощайся без ґольфів!
Georgian:     ალი ბაბა და ორმოცი ყაჩაღი
Armenian:     Բարեւ աշխարհ
Hebrew:       דג סקרן שט בים מאוכזב ולפתע מצא חברה
Arabic:       نص حكيم له سر قاطع وذو شأن عظيم
Devanagari:   ऋषियों को सताने वाले दुष्ट राक्षसों के राजा रावण का सर्वनाश
Thai:         เป็นมนุษย์สุดประเสริฐเลิศคุณค่า
Amharic:      ሰማይ አይታረስ ንጉሥ አይከሰስ
Runes:        ᚠᛇᚻ᛫ᛒᛦᚦ᛫ᚠᚱᚩᚠᚢᚱ᛫ᚠᛁᚱᚪ᛫ᚷᛖᚻᚹᛦᛚᚳᚢᛗ
Braille:      ⡍⠜⠇⠑⠹ ⠺⠁⠎ ⠙⠑⠁⠙
Chinese:      天地玄黃 宇宙洪荒 日月盈昃 辰宿列張
Japanese:     いろはにほへと ちりぬるを イロハニホヘト ﾁﾘﾇﾙｦ
Korean:       키스의 고유조건은 입술끼리 만나야 하고
Combining:    é = é, ñ = ñ, n̈, ก็, क़
Beyond U+FFFF: 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𐍈 🦀 👩‍👩‍👧 🇪🇺
Box drawing:  ╔══╦══╗ ┌──┬──┐ ╭──╮ ▉▊▋▌▍▎▏
</pre>
`;

/** `/forms/post`. */
export const FORM = `<!DOCTYPE html>
<html>
  <head>
    <title>Order a pizza</title>
  </head>
  <body>
    <form method="post" action="/post">
      <p><label>Customer name: <input name="custname"></label></p>
      <p><label>Telephone: <input type="tel" name="custtel"></label></p>
      <p><label>E-mail address: <input type="email" name="custemail"></label></p>
      <fieldset>
        <legend>Pizza size</legend>
        <p><label><input type="radio" name="size" value="small"> Small</label></p>
        <p><label><input type="radio" name="size" value="medium"> Medium</label></p>
        <p><label><input type="radio" name="size" value="large"> Large</label></p>
      </fieldset>
      <fieldset>
        <legend>Pizza toppings</legend>
        <p><label><input type="checkbox" name="topping" value="bacon"> Bacon</label></p>
        <p><label><input type="checkbox" name="topping" value="cheese"> Extra cheese</label></p>
        <p><label><input type="checkbox" name="topping" value="onion"> Onion</label></p>
        <p><label><input type="checkbox" name="topping" value="mushroom"> Mushroom</label></p>
      </fieldset>
      <p><label>Preferred delivery time: <input type="time" min="11:00" max="21:00" step="900" name="delivery"></label></p>
      <p><label>Delivery instructions: <textarea name="comments"></textarea></label></p>
      <p><button>Submit order</button></p>
    </form>
  </body>
</html>
`;
