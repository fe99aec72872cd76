;; JPEG's colours, a row at a time: chroma to full width, then YCbCr to RGBA. libjpeg's arithmetic, bit by bit
;; (jdsample.c, "fancy" upsampling, and jdcolor.c), which is what Pillow and the browsers' own RGB come from.
(module
  (memory (export "memory") 1)

  ;; A chroma row of twice the width: pixel 2i is (3 s[i] + s[i-1] + $even) >> $shift, 2i+1 the same with s[i+1] and $odd,
  ;; where s is near * $near + far * $far. Both rows are readable from 8 samples before to 16 samples after their end.
  (func (export "widen")
    (param $nearRow i32) (param $farRow i32) (param $target i32)
    (param $samples i32) ;; at least 1; 16 pixels are written for every 8 that have begun
    (param $near i32) (param $far i32) (param $even i32) (param $odd i32) (param $shift i32)
    (local $end i32) (local $n v128) (local $f v128) (local $e v128) (local $o v128)
    (local $before v128) (local $sum v128) (local $after v128) (local $three v128)
    (local.set $n (i16x8.splat (local.get $near)))
    (local.set $f (i16x8.splat (local.get $far)))
    (local.set $e (i16x8.splat (local.get $even)))
    (local.set $o (i16x8.splat (local.get $odd)))
    (local.set $end (i32.add (local.get $nearRow) (local.get $samples)))
    (local.set $before
      (i16x8.add
        (i16x8.mul (v128.load8x8_u (i32.sub (local.get $nearRow) (i32.const 8))) (local.get $n))
        (i16x8.mul (v128.load8x8_u (i32.sub (local.get $farRow) (i32.const 8))) (local.get $f))))
    (local.set $sum
      (i16x8.add
        (i16x8.mul (v128.load8x8_u (local.get $nearRow)) (local.get $n))
        (i16x8.mul (v128.load8x8_u (local.get $farRow)) (local.get $f))))
    (loop $each8
      (local.set $after
        (i16x8.add
          (i16x8.mul (v128.load8x8_u offset=8 (local.get $nearRow)) (local.get $n))
          (i16x8.mul (v128.load8x8_u offset=8 (local.get $farRow)) (local.get $f))))
      (local.set $three (i16x8.add (i16x8.add (local.get $sum) (local.get $sum)) (local.get $sum)))
      ;; values fit in a byte: the odd one is the upper half of each 16-bit lane
      (v128.store (local.get $target)
        (v128.or
          (i16x8.shr_u
            (i16x8.add
              (i16x8.add (local.get $three) (local.get $e))
              (i8x16.shuffle 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 (local.get $before) (local.get $sum)))
            (local.get $shift))
          (i16x8.shl
            (i16x8.shr_u
              (i16x8.add
                (i16x8.add (local.get $three) (local.get $o))
                (i8x16.shuffle 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 (local.get $sum) (local.get $after)))
              (local.get $shift))
            (i32.const 8))))
      (local.set $before (local.get $sum))
      (local.set $sum (local.get $after))
      (local.set $target (i32.add (local.get $target) (i32.const 16)))
      (local.set $nearRow (i32.add (local.get $nearRow) (i32.const 8)))
      (local.set $farRow (i32.add (local.get $farRow) (i32.const 8)))
      (br_if $each8 (i32.lt_u (local.get $nearRow) (local.get $end)))))

  ;; A row of RGBA: R = y + 1.402 cr, G = y - 0.34414 cb - 0.71414 cr, B = y + 1.772 cb, each product rounded in 16-bit
  ;; fixed point. Constants above one are split into whole multiples and a rest that fits in 16 bits.
  (func (export "convert")
    (param $y i32) (param $cb i32) (param $cr i32) (param $target i32)
    (param $pixels i32) ;; at least 1; whole groups of 8 are read and written
    (local $end i32) (local $luma v128) (local $b v128) (local $r v128) (local $low v128) (local $high v128)
    (local $red v128) (local $green v128) (local $blue v128) (local $half v128)
    (local.set $half (v128.const i32x4 32768 32768 32768 32768))
    (local.set $end (i32.add (local.get $y) (local.get $pixels)))
    (loop $each8
      (local.set $luma (v128.load8x8_u (local.get $y)))
      (local.set $b (i16x8.sub (v128.load8x8_u (local.get $cb)) (v128.const i16x8 128 128 128 128 128 128 128 128)))
      (local.set $r (i16x8.sub (v128.load8x8_u (local.get $cr)) (v128.const i16x8 128 128 128 128 128 128 128 128)))
      ;; pairs (cb, cr) of pixels 0..3 and 4..7
      (local.set $low
        (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $b) (local.get $r)))
      (local.set $high
        (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $b) (local.get $r)))
      (local.set $red ;; 1.402 = 1 + 26345 / 65536
        (i16x8.add
          (i16x8.add (local.get $luma) (local.get $r))
          (i16x8.narrow_i32x4_s
            (i32x4.shr_s
              (i32x4.add (i32x4.dot_i16x8_s (local.get $low) (v128.const i16x8 0 26345 0 26345 0 26345 0 26345)) (local.get $half))
              (i32.const 16))
            (i32x4.shr_s
              (i32x4.add (i32x4.dot_i16x8_s (local.get $high) (v128.const i16x8 0 26345 0 26345 0 26345 0 26345)) (local.get $half))
              (i32.const 16)))))
      (local.set $green ;; -0.34414 = -22554 / 65536, -0.71414 = -1 + 18734 / 65536
        (i16x8.add
          (i16x8.sub (local.get $luma) (local.get $r))
          (i16x8.narrow_i32x4_s
            (i32x4.shr_s
              (i32x4.add (i32x4.dot_i16x8_s (local.get $low) (v128.const i16x8 -22554 18734 -22554 18734 -22554 18734 -22554 18734)) (local.get $half))
              (i32.const 16))
            (i32x4.shr_s
              (i32x4.add (i32x4.dot_i16x8_s (local.get $high) (v128.const i16x8 -22554 18734 -22554 18734 -22554 18734 -22554 18734)) (local.get $half))
              (i32.const 16)))))
      (local.set $blue ;; 1.772 = 2 - 14942 / 65536
        (i16x8.add
          (i16x8.add (local.get $luma) (i16x8.shl (local.get $b) (i32.const 1)))
          (i16x8.narrow_i32x4_s
            (i32x4.shr_s
              (i32x4.add (i32x4.dot_i16x8_s (local.get $low) (v128.const i16x8 -14942 0 -14942 0 -14942 0 -14942 0)) (local.get $half))
              (i32.const 16))
            (i32x4.shr_s
              (i32x4.add (i32x4.dot_i16x8_s (local.get $high) (v128.const i16x8 -14942 0 -14942 0 -14942 0 -14942 0)) (local.get $half))
              (i32.const 16)))))
      (local.set $red (i8x16.narrow_i16x8_u (local.get $red) (local.get $green))) ;; RRRRRRRRGGGGGGGG
      (local.set $blue ;; BBBBBBBB and 255 eight times
        (i8x16.narrow_i16x8_u (local.get $blue) (v128.const i16x8 255 255 255 255 255 255 255 255)))
      (v128.store (local.get $target)
        (i8x16.shuffle 0 8 16 24 1 9 17 25 2 10 18 26 3 11 19 27 (local.get $red) (local.get $blue)))
      (v128.store offset=16 (local.get $target)
        (i8x16.shuffle 4 12 20 28 5 13 21 29 6 14 22 30 7 15 23 31 (local.get $red) (local.get $blue)))
      (local.set $target (i32.add (local.get $target) (i32.const 32)))
      (local.set $y (i32.add (local.get $y) (i32.const 8)))
      (local.set $cb (i32.add (local.get $cb) (i32.const 8)))
      (local.set $cr (i32.add (local.get $cr) (i32.const 8)))
      (br_if $each8 (i32.lt_u (local.get $y) (local.get $end))))))
