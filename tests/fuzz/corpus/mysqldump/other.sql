DELIMITER ;;
create x;;
DELIMITER ;
CREATE TABLE `t_message` (`id` int, `created_at` timestamp(3), KEY `a` (`id`)) COMMENT="x"; -- c
# d
/*!50100 use `y` */; insert into message values (1,"2023-05-01 12:34:56.789") on duplicate key update a=1;
