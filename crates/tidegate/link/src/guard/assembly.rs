//! Classic BPF programs (linux/filter.h; the kernel's documentation, networking/filter) with labels instead of
//! offsets.

/// One instruction (`struct sock_filter`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Instruction {
    code: u16,
    if_true: u8,
    if_false: u8,
    operand: u32,
}

/// A program as the kernel takes it: an array of `struct sock_filter`.
pub(super) fn bytes(program: &[Instruction]) -> Vec<u8> {
    let bytes = |line: &Instruction| {
        let [a, b] = line.code.to_ne_bytes();
        let [e, f, g, h] = line.operand.to_ne_bytes();
        [a, b, line.if_true, line.if_false, e, f, g, h]
    };
    program.iter().flat_map(bytes).collect()
}

// linux/bpf_common.h
const LOAD_WORD: u16 = 0x20;
const LOAD_HALF: u16 = 0x28;
const LOAD_BYTE: u16 = 0x30;
const LOAD_LENGTH: u16 = 0x80;
const JUMP: u16 = 0x05;
const JUMP_IF_EQUAL: u16 = 0x15;
const JUMP_UNLESS_LESS: u16 = 0x35;
const RETURN: u16 = 0x06;

// linux/if_ether.h
pub(super) const ARP: u32 = 0x0806;
pub(super) const IPV4: u32 = 0x0800;
pub(super) const IPV6: u32 = 0x86dd;

/// `SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT`: whether the kernel has taken a tag off the frame.
const TAG: u32 = 0xffff_f000 + 48;

/// `TC_ACT_SHOT` of linux/pkt_cls.h: drop.
pub(super) const DROP: u32 = 2;
/// `TC_ACT_UNSPEC`: no opinion.
pub(super) const PASS: u32 = u32::MAX;

/// A position in a program, after the instructions that jump to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label(usize);

/// The target of an instruction.
#[derive(Clone, Copy)]
enum Target {
    Next,
    To(Label),
}

/// A program that is being written.
#[derive(Default)]
pub(super) struct Assembly {
    lines: Vec<(u16, u32, Target, Target)>,
    /// Where each label stands, once it is placed.
    places: Vec<Option<usize>>,
}

impl Assembly {
    /// A label that is placed later.
    pub(super) fn label(&mut self) -> Label {
        self.places.push(None);
        Label(self.places.len() - 1)
    }

    /// Puts a label before the instruction that comes next.
    pub(super) fn place(&mut self, label: Label) {
        let here = self.lines.len();
        if let Some(place) = self.places.get_mut(label.0) {
            *place = Some(here);
        }
    }

    pub(super) fn load_word(&mut self, at: u32) {
        self.line(LOAD_WORD, at, Target::Next, Target::Next);
    }

    pub(super) fn load_half(&mut self, at: u32) {
        self.line(LOAD_HALF, at, Target::Next, Target::Next);
    }

    pub(super) fn load_byte(&mut self, at: u32) {
        self.line(LOAD_BYTE, at, Target::Next, Target::Next);
    }

    /// Loads whether the frame has a tag.
    pub(super) fn load_tag(&mut self) {
        self.load_byte(TAG);
    }

    /// Drops a frame with fewer bytes. A load beyond the end of a frame would end the program with 0, `TC_ACT_OK`,
    /// which accepts it.
    pub(super) fn has_bytes(&mut self, least: u32) {
        self.line(LOAD_LENGTH, 0, Target::Next, Target::Next);
        self.go_on_from(least);
    }

    /// Goes to a label if the value is this one.
    pub(super) fn when(&mut self, value: u32, label: Label) {
        self.line(JUMP_IF_EQUAL, value, Target::To(label), Target::Next);
    }

    /// Goes to a label unless the value is this one.
    pub(super) fn unless(&mut self, value: u32, label: Label) {
        self.line(JUMP_IF_EQUAL, value, Target::Next, Target::To(label));
    }

    /// Drops the frame unless the value is this one.
    pub(super) fn go_on_if(&mut self, value: u32) {
        let on = self.label();
        self.when(value, on);
        self.end(DROP);
        self.place(on);
    }

    /// Drops the frame if the value is less than this one.
    pub(super) fn go_on_from(&mut self, least: u32) {
        let on = self.label();
        self.line(JUMP_UNLESS_LESS, least, Target::To(on), Target::Next);
        self.end(DROP);
        self.place(on);
    }

    /// Ends the program with a verdict if the value is this one.
    pub(super) fn end_if(&mut self, value: u32, verdict: u32) {
        let on = self.label();
        self.unless(value, on);
        self.end(verdict);
        self.place(on);
    }

    /// Ends the program with a verdict.
    pub(super) fn end(&mut self, verdict: u32) {
        self.line(RETURN, verdict, Target::Next, Target::Next);
    }

    pub(super) fn jump(&mut self, label: Label) {
        self.line(JUMP, 0, Target::To(label), Target::Next);
    }

    fn line(&mut self, code: u16, operand: u32, if_true: Target, if_false: Target) {
        self.lines.push((code, operand, if_true, if_false));
    }

    /// The program. It is empty, so that every kernel refuses it, if a label is not placed, is before a jump to it,
    /// or more than 255 instructions after it.
    pub(super) fn finish(&self) -> Vec<Instruction> {
        let lines = self.lines.iter().enumerate();
        let instructions: Option<_> = lines
            .map(|(at, line)| self.instruction(at, *line))
            .collect();
        instructions.unwrap_or_default()
    }

    fn instruction(&self, at: usize, line: (u16, u32, Target, Target)) -> Option<Instruction> {
        let (code, operand, if_true, if_false) = line;
        let (if_true, if_false) = (self.distance(at, if_true)?, self.distance(at, if_false)?);
        Some(if code == JUMP {
            Instruction {
                code,
                if_true: 0,
                if_false: 0,
                operand: u32::from(if_true),
            }
        } else {
            Instruction {
                code,
                if_true,
                if_false,
                operand,
            }
        })
    }

    /// How many instructions are skipped.
    fn distance(&self, from: usize, target: Target) -> Option<u8> {
        match target {
            Target::Next => Some(0),
            Target::To(label) => {
                let place = (*self.places.get(label.0)?)?;
                u8::try_from(place.checked_sub(from + 1)?).ok()
            }
        }
    }
}

/// What the kernel would make of a frame (`bpf_prog_run`).
#[cfg(test)]
pub(super) fn run(program: &[Instruction], frame: &[u8], has_tag: bool) -> u32 {
    let (mut at, mut value) = (0, 0);
    loop {
        let line = program[at];
        at += 1;
        let offset = line.operand as usize;
        let load = |length: usize| {
            let bytes = frame.get(offset..offset.saturating_add(length))?;
            Some(
                bytes
                    .iter()
                    .fold(0, |sum, byte| sum << 8 | u32::from(*byte)),
            )
        };
        let loaded = match line.code {
            LOAD_BYTE if line.operand == TAG => Some(u32::from(has_tag)),
            LOAD_BYTE => load(1),
            LOAD_HALF => load(2),
            LOAD_WORD => load(4),
            LOAD_LENGTH => Some(u32::try_from(frame.len()).unwrap()),
            JUMP => {
                at += offset;
                continue;
            }
            JUMP_IF_EQUAL | JUMP_UNLESS_LESS => {
                let is_so = match line.code {
                    JUMP_IF_EQUAL => value == line.operand,
                    _ => value >= line.operand,
                };
                at += usize::from(if is_so { line.if_true } else { line.if_false });
                continue;
            }
            code => {
                assert_eq!(code, RETURN);
                return line.operand;
            }
        };
        match loaded {
            Some(loaded) => value = loaded,
            None => return 0,
        }
    }
}
