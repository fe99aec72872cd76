;; One pass of the resize: every place of every line is a weighted sum of source pixels, RGBA uint8.
;;
;; The four channels of a pixel are the four 32-bit lanes of a vector, so the arithmetic is that of the plain loop in
;; resize.ts, bit by bit: products and sums wrap at 32 bits in both, and neither overflows for weights that sum to 2^22.
(module
  (memory (export "memory") 1)
  (func (export "pass")
    (param $source i32)      ;; address of the first line's first pixel
    (param $sourceStep i32)  ;; bytes between the pixels that a place sums
    (param $sourceLine i32)  ;; bytes between lines
    (param $lines i32)       ;; at least 1
    (param $target i32)
    (param $targetStep i32)  ;; bytes between places
    (param $targetLine i32)
    (param $starts i32)      ;; int32 [places]: the first source place
    (param $counts i32)      ;; int32 [places]: how many are summed, at least 1
    (param $weights i32)     ;; int32 [places, most]
    (param $places i32)      ;; at least 1
    (param $most i32)
    (local $line i32) (local $from i32) (local $to i32) (local $weight i32) (local $end i32) (local $first i32)
    (local $sum v128)
    (loop $eachPlace
      (local.set $first
        (i32.add (local.get $source) (i32.mul (i32.load (local.get $starts)) (local.get $sourceStep))))
      (local.set $end
        (i32.add (local.get $weights) (i32.shl (i32.load (local.get $counts)) (i32.const 2))))
      (local.set $to (local.get $target))
      (local.set $line (local.get $lines))
      (loop $eachLine
        (local.set $from (local.get $first))
        (local.set $weight (local.get $weights))
        (local.set $sum (v128.const i32x4 0x200000 0x200000 0x200000 0x200000)) ;; one half, in 22-bit fixed point
        (loop $eachTap
          (local.set $sum
            (i32x4.add
              (local.get $sum)
              (i32x4.mul
                (v128.load32_splat (local.get $weight))
                (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (v128.load32_zero (local.get $from)))))))
          (local.set $from (i32.add (local.get $from) (local.get $sourceStep)))
          (local.set $weight (i32.add (local.get $weight) (i32.const 4)))
          (br_if $eachTap (i32.lt_u (local.get $weight) (local.get $end))))
        (local.set $sum (i32x4.shr_s (local.get $sum) (i32.const 22)))
        (local.set $sum (i16x8.narrow_i32x4_s (local.get $sum) (local.get $sum)))
        (v128.store32_lane 0 (local.get $to) (i8x16.narrow_i16x8_u (local.get $sum) (local.get $sum)))
        (local.set $first (i32.add (local.get $first) (local.get $sourceLine)))
        (local.set $to (i32.add (local.get $to) (local.get $targetLine)))
        (br_if $eachLine (local.tee $line (i32.sub (local.get $line) (i32.const 1)))))
      (local.set $target (i32.add (local.get $target) (local.get $targetStep)))
      (local.set $starts (i32.add (local.get $starts) (i32.const 4)))
      (local.set $counts (i32.add (local.get $counts) (i32.const 4)))
      (local.set $weights (i32.add (local.get $weights) (i32.shl (local.get $most) (i32.const 2))))
      (br_if $eachPlace (local.tee $places (i32.sub (local.get $places) (i32.const 1)))))))
