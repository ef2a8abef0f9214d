"""Forty posts about two invented brands, and what the real pipeline makes of them."""

from contextlib import nullcontext
from pathlib import Path

from filelock import FileLock

from pipelines.config.settings import load_config
from pipelines.run import run_night
from pipelines.store.home import Home

CONFIG = """
since = 2026-03-02
until = 2026-03-30

[digest]
days = 14

[[brands]]
id = "halmora"
name = "Halmora"
terms = ["halmora"]
team = ["forum:halmora_mira"]

[[brands]]
id = "tillwick"
name = "Tillwick"
competitor = true
terms = ["tillwick"]

[[themes]]
id = "app"
name = "App"
terms = ["app", "update", "wifi", "cloud"]

[[themes]]
id = "price"
name = "Price"
terms = ["price*", "expensive", "cheap", "subscription", "refund*"]

[[themes]]
id = "light"
name = "Light"
terms = ["light", "lamp", "sunrise"]

[[sources]]
id = "posts"
type = "files"
path = "posts.csv"
network = "forum"
community = "kitchen"
language = "en"
"""

HEADER = "id,created_at,author,followers,text,url,likes,parent_id,root_id,addressed_to"
POSTS = [
    "1,2026-03-02 08:10,ana,120,I love the sunrise light of my Halmora. The basil looks wonderful.,https://kitchen.example/1,14,,,",
    "2,2026-03-02 09:30,ben,,The Halmora app is terrible. It lost the wifi again.,https://kitchen.example/2,9,,,",
    "3,2026-03-02 10:05,halmora_mira,800,Sorry about that Ben. Please restart the garden once.,https://kitchen.example/3,3,2,2,ben",
    "4,2026-03-03 07:45,cleo,35,My Tillwick was cheap and it works great.,https://kitchen.example/4,6,,,",
    "5,2026-03-03 18:20,dora,9100,Eight weeks with the Halmora lamp and I am happy. Best light I had.,https://kitchen.example/5,210,,,",
    "6,2026-03-03 19:02,ana,120,Thank you Dora. That is a great and helpful test.,https://kitchen.example/6,4,5,5,dora",
    "7,2026-03-04 06:50,ben,,Another bad night. The Halmora cloud is down and my plants are dying.,https://kitchen.example/7,11,,,",
    "8,2026-03-04 12:00,eli,60,The price of the Halmora subscription is awful.,https://kitchen.example/8,17,,,",
    "9,2026-03-05 09:09,ana,120,The new Halmora app update is lovely. Thanks for the quiet pump.,https://kitchen.example/9,8,,,",
    "10,2026-03-05 21:40,fay,15,Tillwick pump hums all night and I hate it.,https://kitchen.example/10,5,,,",
    "11,2026-03-06 08:00,ben,,Refund refused. Halmora support was rude and the price is a scandal.,https://kitchen.example/11,22,,,",
    "12,2026-03-06 08:45,gus,75,Ben is right. This is a shame.,https://kitchen.example/12,2,11,11,ben",
    "13,2026-03-07 10:10,dora,9100,Tillwick is cheap but the light is too weak and that is disappointing.,https://kitchen.example/13,64,,,",
    "14,2026-03-08 17:30,eli,60,Ich finde den Preis der Halmora einfach zu hoch und das Abo gefällt mir gar nicht.,https://kitchen.example/14,3,,,",
    "15,2026-03-09 09:00,cleo,35,The Halmora light is beautiful and the harvest was a joy.,https://kitchen.example/15,7,,,",
    "16,2026-03-09 11:20,ana,120,Halmora sent me a free pod. What a nice surprise.,https://kitchen.example/16,10,,,",
    "17,2026-03-10 07:15,ben,,Day three without the Halmora app. I am angry.,https://kitchen.example/17,12,,,",
    "18,2026-03-10 08:01,halmora_mira,800,Ben please look at your messages. We found the fault.,https://kitchen.example/18,5,17,17,ben",
    "19,2026-03-11 13:30,hugo,240,Halmora or Tillwick? I have 60 litres of tomatoes in mind.,https://kitchen.example/19,1,,,",
    "20,2026-03-11 14:00,dora,9100,Hugo take the Halmora. Its light is excellent for tomatoes.,https://kitchen.example/20,31,19,19,hugo",
    "21,2026-03-11 14:20,cleo,35,The Tillwick is the cheap and friendly choice. I like mine.,https://kitchen.example/21,4,19,19,hugo",
    "22,2026-03-12 20:00,ines,410,Lovely webinar about basil. Thank you Halmora!,https://kitchen.example/22,19,,,",
    "23,2026-03-13 09:10,gus,75,Halmora price goes up again. Horrible news for a small kitchen.,https://kitchen.example/23,26,,,",
    "24,2026-03-13 09:40,eli,60,Gus says it. The Halmora subscription is a bad joke.,https://kitchen.example/24,13,23,23,gus",
    "25,2026-03-14 16:00,fay,15,The cheap Tillwick lamp broke after a week. Useless.,https://kitchen.example/25,8,,,",
    "26,2026-03-15 10:30,ana,120,Three months of Halmora and the light still makes me smile.,https://kitchen.example/26,12,,,",
    "27,2026-03-16 08:20,jo,5,\"<script>alert(1)</script> Halmora app broken, awful\",javascript:alert(1),10,,,",
    "28,2026-03-17 12:12,ben,,Still no refund from Halmora. I am furious and I want my money.,https://kitchen.example/28,18,,,",
    "29,2026-03-18 07:00,kit,33,Win a free Halmora garden today by clicking on this link right now my friends,https://spam.example/29,0,,,",
    "30,2026-03-18 07:05,lou,29,Win a free Halmora garden today by clicking on this link right now my friends,https://spam.example/30,0,,,",
    "31,2026-03-19 18:45,hugo,240,Took the Halmora. The lamp is great and the app is good enough.,https://kitchen.example/31,16,,,",
    "32,2026-03-20 09:30,dora,9100,The Halmora timer without the cloud is a wonderful update.,https://kitchen.example/32,150,,,",
    "33,2026-03-20 10:00,ana,120,Agreed. I love it.,https://kitchen.example/33,6,32,32,dora",
    "34,2026-03-20 10:30,ines,410,Same here Dora. Great work.,https://kitchen.example/34,5,32,32,dora",
    "35,2026-03-22 19:19,gus,75,I hate that the Halmora subscription renews by itself.,https://kitchen.example/35,9,,,",
    "36,2026-03-23 08:08,mo,88,Tillwick sells a refill pod now. It costs four euros.,https://kitchen.example/36,3,,,",
    "37,2026-03-24 11:11,cleo,35,My Tillwick light is fine but the price went up and I am sad.,https://kitchen.example/37,2,,,",
    "38,2026-03-25 21:00,eli,60,The Halmora subscription is expensive and the refund page fails.,https://kitchen.example/38,15,,,",
    "39,2026-03-27 09:00,fay,15,Goodbye Tillwick. The noise was terrible.,https://kitchen.example/39,7,,,",
    "40,2026-03-28 12:30,ana,120,Sunday brunch from the Halmora light. Delicious and beautiful.,https://kitchen.example/40,21,,,",
    "41,not a date,nobody,,This line has no time.,https://kitchen.example/41,1,,,",
]  # fmt: skip


def published_community(folder: Path) -> Home:
    """A home with the published file in it. Several test processes make it once between them."""
    home = Home(folder / "small_community")
    with FileLock(folder / ".small_community.lock"):
        if not home.published.exists():
            (folder / "posts.csv").write_text("\n".join([HEADER, *POSTS, ""]), encoding="utf-8")
            (folder / "earshot.toml").write_text(CONFIG, encoding="utf-8")
            config = load_config(folder / "earshot.toml")
            run_night(home, config, lambda _, **kw: nullcontext(lambda _: None), environ={})
    return home
