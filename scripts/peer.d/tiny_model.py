"""Makes two models of 120,000 weights for `transformers serve`: `random`, as it was born, and
`parrot`, taught to answer anything with one text. Run by the Python that has torch.
usage: tiny_model.py FOLDER [STEPS]   prints one JSON line"""
import json
import pathlib
import sys

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import MistralConfig, MistralForCausalLM, PreTrainedTokenizerFast

ANSWER = '{"text": "Warm beanies for cold days. Order today."}'
TEMPLATE = ("{% for m in messages %}<s>{{ m['role'] }}: {{ m['content'] }}</s>{% endfor %}"
            "{% if add_generation_prompt %}<s>assistant: {% endif %}")
SPECIAL = ["<s>", "</s>", "<pad>"]
ROOM, WINDOW = 16384, 192
SIGHT = 48  # tokens: what it is taught in short texts holds in long ones


def tokenizer():
    """One token a byte."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    t = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(alphabet)}, merges=[]))
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    t.add_special_tokens(SPECIAL)
    fast = PreTrainedTokenizerFast(tokenizer_object=t, bos_token="<s>", eos_token="</s>",
                                   pad_token="<pad>", model_max_length=ROOM)
    fast.chat_template = TEMPLATE
    return fast


def newborn(words):
    torch.manual_seed(7)
    return MistralForCausalLM(MistralConfig(
        vocab_size=len(words), hidden_size=64, intermediate_size=160, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=4, max_position_embeddings=ROOM,
        sliding_window=SIGHT,
        bos_token_id=words.bos_token_id, eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id, tie_word_embeddings=True))


def lessons(words, rng, count):
    """Any bytes, and then the answer; where in the text it begins differs."""
    said = words.encode("<s>assistant: " + ANSWER + "</s>", add_special_tokens=False)
    rows = torch.randint(0, 256, (count, WINDOW), generator=rng)
    labels = torch.full_like(rows, -100)
    for row in range(count):
        at = int(torch.randint(1, WINDOW - len(said), (1,), generator=rng))
        rows[row, at:at + len(said)] = torch.tensor(said)
        mark = len(words.encode("<s>assistant: ", add_special_tokens=False))
        labels[row, at + mark:at + len(said)] = torch.tensor(said[mark:])
    return rows, labels


def teach(model, words, steps, device):
    rng = torch.Generator().manual_seed(7)
    model.to(device).train()
    best = torch.optim.AdamW(model.parameters(), lr=3e-3)
    loss = None
    for step in range(steps):
        rows, labels = lessons(words, rng, 16)
        for group in best.param_groups:
            group["lr"] = 3e-3 * (1 - step / steps)
        loss = model(input_ids=rows.to(device), labels=labels.to(device)).loss
        best.zero_grad()
        loss.backward()
        best.step()
    return loss.item()


def main(folder, steps=400):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    words, model = tokenizer(), None
    out = {"device": device, "torch": torch.__version__,
           "transformers": transformers.__version__}
    if device == "cuda":
        out["gpu"] = torch.cuda.get_device_name(0)
    for name in ("random", "parrot"):
        model = newborn(words)
        if name == "parrot":
            out["loss"] = round(teach(model, words, int(steps), device), 5)
        home = pathlib.Path(folder, name)
        model.generation_config.do_sample = name == "random"
        model.cpu().save_pretrained(home)
        words.save_pretrained(home)
    out["weights"] = sum(p.numel() for p in model.parameters())
    print(json.dumps(out))


main(*sys.argv[1:])
